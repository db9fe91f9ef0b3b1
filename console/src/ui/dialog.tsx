import { Modal, type ModalProps } from '@mantine/core';
import { useTranslation } from '@/i18n';
import { useFocusBack } from './focus';

/** A dialog over the page. It is on the page only while it is open, and gives the focus back to where it was. */
export function Dialog(props: Omit<ModalProps, 'opened'>) {
  const { t } = useTranslation();
  useFocusBack();
  return <Modal opened closeButtonProps={{ 'aria-label': t('page.close') }} {...props} />;
}
