import { useTranslation } from '@/i18n';
import { Dialog } from '@/ui';
import { KeyTable } from './table';

export { KeyTable } from './table';

/** The list of keys over the page. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog onClose={onClose} title={t('keys.title')}>
      <KeyTable />
    </Dialog>
  );
}
