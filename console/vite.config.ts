import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { numberFormats } from './scripts/number-formats.ts';

/** Where a server answers, for `npm run dev`: `NOHOLD=http://127.0.0.1:8080 npm run dev`. */
const server = process.env.NOHOLD ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), numberFormats()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  build: {
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // Nothing may be inlined as data: the policy of the page takes assets from its own server alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    // What is handed out holds the work of others, whose licences want to be named with it.
    license: { fileName: 'licences.txt' },
    rolldownOptions: {
      output: {
        // All that the first visit runs comes in one piece: it compresses better than thirty, and nothing of it waits for another.
        codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] },
      },
    },
  },
  server: {
    proxy: {
      '/api': {
        target: server,
        ws: true,
        // The server compares Origin with Host; behind this proxy both are the page's own.
        changeOrigin: false,
      },
    },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./src/test-setup.ts'],
    restoreMocks: true,
  },
});
