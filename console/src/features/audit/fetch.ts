import { type components, api, need } from '@/api';
import { type AuditSearch, asked } from './search';

export type AuditLine = components['schemas']['AuditLineShown'];

/** A page of lines, behind this cursor. */
export function fetchLines(search: AuditSearch, after: string | undefined) {
  return need(api.GET('/api/audit', { params: { query: { ...asked(search), after, limit: 100 } } }));
}
