import { defineConfig } from 'vitest/config';
import { suiteReporter } from './test/servers/suite-reporter.ts';

/**
 * `npm run test:unit` is what is quick. Everything else is `system`, the whole, or `hard`, processes that are
 * killed or compete and what moves hundreds of MiB, or `servers`, against real S3 and GCS servers that are started for them. No test falls between.
 */
const hard = 'test/core/**/{crash-*,killed-*,*-faults,requests,server-copies,cost-of-a-run,plan-limits}.test.ts';
const servers = 'test/**/*.server.test.ts';
const folders = ['test/contract/**/*.test.ts', 'test/core/**/*.test.ts', 'test/cli/**/*.test.ts'];

export default defineConfig({
  plugins: [suiteReporter()],
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Generous: a limit is there to end a hanging test, not to judge a slow machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // What the machine of a developer or of CI has set must not reach the tests.
    env: {
      ...{ HF_TOKEN: '', HUGGING_FACE_HUB_TOKEN: '', GITHUB_TOKEN: '', HF_ENDPOINT: '', WEIGHBRIDGE_CACHE: '' },
      ...{ AWS_PROFILE: '', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '' },
      ...{ AWS_REGION: '', AWS_DEFAULT_REGION: '', AWS_ENDPOINT_URL: '', AWS_ENDPOINT_URL_S3: '' },
      ...{ AWS_EC2_METADATA_DISABLED: 'true', STORAGE_EMULATOR_HOST: '', GOOGLE_APPLICATION_CREDENTIALS: '' },
    },
    projects: [
      // Files share their processes and what those have loaded, so each leaves nothing set that it has set.
      { extends: true, test: { name: 'unit', include: folders, exclude: [hard, servers], isolate: false } },
      { extends: true, test: { name: 'system', include: ['test/**/*.test.ts'], exclude: [...folders, servers] } },
      { extends: true, test: { name: 'hard', include: [hard], exclude: [servers] } },
      {
        extends: true,
        test: { name: 'servers', include: [servers], globalSetup: ['test/servers/global-setup.ts'] },
      },
    ],
  },
});
