import {
  Navigate,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { useTranslation } from '@/i18n';
import { Button, Empty } from '@/ui';
import { readAuditSearch } from '@/features/audit/search';
import { readSearch } from '@/features/callbacks/search';
import { readContactSearch, readNumber } from '@/features/contacts/search';
import { readHistorySearch } from '@/features/history/search';
import { Frame } from './frame';
import { List } from './list';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, errorComponent: Failed });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: () => <Navigate to="/list" replace />,
});

const list = createRoute({
  getParentRoute: () => root,
  path: '/list',
  validateSearch: readSearch,
  component: List,
});

const entry = createRoute({
  getParentRoute: () => root,
  path: '/list/$entry',
  component: lazyRouteComponent(() => import('./entry'), 'Entry'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings'), 'Settings'),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./audit'), 'Audit'),
});

const today = createRoute({
  getParentRoute: () => root,
  path: '/today',
  component: lazyRouteComponent(() => import('./today'), 'Today'),
});

const history = createRoute({
  getParentRoute: () => root,
  path: '/history',
  validateSearch: readHistorySearch,
  component: lazyRouteComponent(() => import('./history'), 'History'),
});

const pastCall = createRoute({
  getParentRoute: () => root,
  path: '/history/$call',
  component: lazyRouteComponent(() => import('./history'), 'PastCall'),
});

const customer = createRoute({
  getParentRoute: () => root,
  path: '/customer/$call',
  component: lazyRouteComponent(() => import('./customer'), 'Customer'),
});

const contacts = createRoute({
  getParentRoute: () => root,
  path: '/contacts',
  validateSearch: readContactSearch,
  component: lazyRouteComponent(() => import('./contacts'), 'Contacts'),
});

const newContact = createRoute({
  getParentRoute: () => root,
  path: '/contacts/new',
  validateSearch: readNumber,
  component: lazyRouteComponent(() => import('./contacts'), 'NewContact'),
});

const contact = createRoute({
  getParentRoute: () => root,
  path: '/contacts/$contact',
  component: lazyRouteComponent(() => import('./contacts'), 'OneContact'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    list,
    entry,
    settings,
    today,
    history,
    pastCall,
    customer,
    contacts,
    newContact,
    contact,
    audit,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <Empty page title={t('page.notFound')} words={t('page.notFoundWords')}>
      <Button onClick={() => void router.navigate({ to: '/list' })}>{t('page.toList')}</Button>
    </Empty>
  );
}

function Failed() {
  const { t } = useTranslation();
  return (
    <Empty page title={t('page.failed')} words={t('page.failedWords')}>
      <Button onClick={() => window.location.reload()}>{t('page.reload')}</Button>
    </Empty>
  );
}
