import { getRouteApi } from '@tanstack/react-router';
import { EntryPage } from '@/features/callbacks/entry-page';

const entry = getRouteApi('/list/$entry');

export function Entry() {
  return <EntryPage id={entry.useParams().entry} />;
}
