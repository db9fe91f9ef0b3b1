import { Dialog } from '@/ui/dialog';
import { useTranslation } from '@/i18n';
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
