import { Modal } from '@/ui/dialog';
import { useTranslation } from '@/i18n';
import { KeyTable } from './table';

export { KeyTable } from './table';

/** The list of keys over the page. */
export function KeysDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('keys.title')}
      closeButtonProps={{ 'aria-label': t('page.close') }}
    >
      <KeyTable />
    </Modal>
  );
}
