import { useTranslation } from '@/i18n';
import type { Entry } from '@/live';
import { Chip } from '@/ui';

/** How an entry ended, as a chip. */
export function Ended({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const { reason } = entry.state;
  if (!reason) return null;
  const tone = reason === 'done' || reason === 'served' ? 'green' : reason === 'unreachable' ? 'red' : 'grey';
  return <Chip tone={tone}>{t(`chip.${reason}`)}</Chip>;
}
