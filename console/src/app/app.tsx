import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { SessionEnded, SignInPage } from '@/features/sign-in';
import { findSession, useSession } from '@/session';
import { Themed } from '@/ui';
import { LanguageMenu, ThemeMenu } from './menus';
import { router } from './router';

const queries = new QueryClient({
  defaultOptions: { queries: { refetchOnWindowFocus: false, staleTime: 10_000 } },
});

export function App() {
  useEffect(() => void findSession(), []);
  return (
    <Themed>
      <QueryClientProvider client={queries}>
        <Pages />
      </QueryClientProvider>
    </Themed>
  );
}

function Pages() {
  const state = useSession(({ session }) => session.state);
  useEffect(() => {
    // What one person has seen is not the next one's.
    if (state === 'out') queries.clear();
  }, [state]);
  if (state === 'looking') return null;
  if (state === 'out') {
    return (
      <SignInPage
        choices={
          <>
            <LanguageMenu />
            <ThemeMenu />
          </>
        }
      />
    );
  }
  return (
    <>
      <RouterProvider router={router} />
      <SessionEnded />
    </>
  );
}
