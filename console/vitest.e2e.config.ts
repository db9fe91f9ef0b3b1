import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';

/** A filter that no test has is a slip, and not a success. */
const someTestRan: Reporter = {
  onTestRunEnd(modules) {
    const tests = modules.flatMap(module => [...module.children.allTests()]);
    if (tests.every(test => test.result().state === 'skipped')) {
      process.exitCode = 1;
      console.error('No test ran: no file in e2e and no test has that in its name.');
    }
  },
};

/** Tests in a browser against the real server; `npm run build` comes before. */
export default defineConfig({
  test: {
    environment: 'node',
    reporters: ['default', someTestRan],
    include: ['e2e/**/*.test.ts'],
    // The machine is shared by a server, a browser and telephones.
    fileParallelism: false,
    expect: { poll: { timeout: 5_000 } },
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
