// Fetched with the pages that have one, and its style sheet with it.
import '@mantine/core/styles/ScrollArea.layer.css';
import '@mantine/core/styles/Combobox.layer.css';

export { Select } from '@mantine/core';
