import '@/ui/styles';
import '@/i18n';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '@/app/app';
import { markScheme, watchFocus } from '@/ui';

markScheme();
const root = document.getElementById('root');
if (root !== null) {
  watchFocus(root);
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
