import { defineConfig } from 'vitest/config'
import { TallyReporter } from './tools/vitest/tally-reporter.ts'

/** `npm run test:long` sets this: then only `*.long.test.ts` run, otherwise all others. */
const long = process.env['CHIRON_TESTS'] === 'long'

export default defineConfig({
  test: {
    include: long ? ['**/*.long.test.ts'] : ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/generated/**', '**/data/**', ...(long ? [] : ['**/*.long.test.ts'])],
    environment: 'node',
    pool: 'forks',
    passWithNoTests: long,
    testTimeout: long ? 3_600_000 : 60_000,
    hookTimeout: long ? 600_000 : 60_000,
    reporters: ['default', new TallyReporter({ outputFile: process.env['CHIRON_TALLY_FILE'] })],
    unstubEnvs: true,
    restoreMocks: true,
  },
})
