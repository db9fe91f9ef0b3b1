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
