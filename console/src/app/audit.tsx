import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { AuditPage, type AuditSearch } from '@/features/audit';

const route = getRouteApi('/audit');

export function Audit() {
  const navigate = useNavigate();
  const onSearch = useCallback(
    (next: AuditSearch) => void navigate({ to: '/audit', search: next, replace: true }),
    [navigate],
  );
  return <AuditPage search={route.useSearch()} onSearch={onSearch} />;
}
