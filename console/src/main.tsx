import '@/ui/styles';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '@/app/app';
import { beginToSpeak } from '@/i18n';
import { markScheme, watchFocus } from '@/ui';

markScheme();
const root = document.getElementById('root');
void beginToSpeak().then(() => {
  if (root === null) return;
  watchFocus(root);
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
});
