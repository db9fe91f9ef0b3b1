import { defineConfig } from 'vitest/config';

/** Tests in a browser against the real server; `npm run build` comes before. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/**/*.test.ts'],
    // The machine is shared by a server, a browser and telephones.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
