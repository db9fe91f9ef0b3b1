// A dialog is fetched when one is opened for the first time, and its style sheets with it.
import '@mantine/core/styles/ScrollArea.layer.css';
import '@mantine/core/styles/Overlay.layer.css';
import '@mantine/core/styles/ModalBase.layer.css';
import '@mantine/core/styles/Modal.layer.css';
import { Modal, type ModalProps } from '@mantine/core';
import { useTranslation } from '@/i18n';
import { useFocusBack } from './focus';

/** A dialog over the page. It is on the page only while it is open, and gives the focus back to where it was. */
export function Dialog(props: Omit<ModalProps, 'opened'>) {
  const { t } = useTranslation();
  useFocusBack();
  return <Modal opened closeButtonProps={{ 'aria-label': t('page.close') }} {...props} />;
}
