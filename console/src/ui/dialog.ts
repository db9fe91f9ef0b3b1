// A dialog is fetched when one is opened for the first time, and its style sheets with it.
import '@mantine/core/styles/ScrollArea.layer.css';
import '@mantine/core/styles/Overlay.layer.css';
import '@mantine/core/styles/ModalBase.layer.css';
import '@mantine/core/styles/Modal.layer.css';

export { Modal } from '@mantine/core';
