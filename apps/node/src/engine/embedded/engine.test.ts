import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineCompliance } from '../../../test/engine-compliance.ts'
import { EmbeddedUnderTest } from '../../../test/embedded-under-test.ts'

engineCompliance('embedded', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chiron-engine-'))
  const under = await EmbeddedUnderTest.open(directory)
  return {
    engine: under.engine,
    clock: under.clock,
    reopen: () => under.reopen(),
    async close() {
      await under.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
})
