import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { ListPage } from '@/features/callbacks/list-page';
import type { Search } from '@/features/callbacks/search';

const list = getRouteApi('/list');

export function List() {
  const search = list.useSearch();
  const navigate = useNavigate();
  // Going back leads to another page, not to another letter of a search.
  const onSearch = useCallback(
    (next: Search) => void navigate({ to: '/list', search: next, replace: true }),
    [navigate],
  );
  const onOpen = useCallback(
    (id: string) => void navigate({ to: '/list/$entry', params: { entry: id } }),
    [navigate],
  );
  return <ListPage search={search} onSearch={onSearch} onOpen={onOpen} />;
}
