import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { CallPage, HistoryPage, type HistorySearch } from '@/features/history';

const history = getRouteApi('/history');
const call = getRouteApi('/history/$call');

export function History() {
  const navigate = useNavigate();
  const onSearch = useCallback(
    (next: HistorySearch) => void navigate({ to: '/history', search: next, replace: true }),
    [navigate],
  );
  const onOpen = useCallback(
    (id: string) => void navigate({ to: '/history/$call', params: { call: id } }),
    [navigate],
  );
  return <HistoryPage search={history.useSearch()} onSearch={onSearch} onOpen={onOpen} />;
}

export function PastCall() {
  return <CallPage id={call.useParams().call} />;
}
