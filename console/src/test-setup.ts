import { en } from '@/i18n/en';
import { learn } from '@/i18n/speech';
import { zh } from '@/i18n/zh';

// Tests speak both languages at once.
learn('en', en);
learn('zh', zh);

/** jsdom has no layout: what Mantine asks of a browser is answered here. */
Object.defineProperty(window, 'matchMedia', {
  writable: true,
  value: (query: string) => ({
    matches: false,
    media: query,
    onchange: null,
    addEventListener: () => {},
    removeEventListener: () => {},
    dispatchEvent: () => false,
  }),
});

class SizesOfNothing {
  observe() {}
  unobserve() {}
  disconnect() {}
}
window.ResizeObserver = SizesOfNothing;
