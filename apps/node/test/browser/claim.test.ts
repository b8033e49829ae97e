import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { trustToJson } from '@chiron/ledger/proofs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleForBrowser, type BrowserBundle } from '../../../../tools/browser/bundle.ts'
import { findChromium, HOW_TO_GET_CHROMIUM } from '../../../../tools/setup/chromium.ts'
import { admit, offer } from '../claim/claimed.ts'
import { startTestNode, type TestNode } from '../gateway/harness.ts'
import type { Visit } from './page.ts'

/** Room over what was measured: 224 KB and 70 KB compressed for `patient`, the largest. */
const MAX_BYTES = 280_000
const MAX_GZIP_BYTES = 88_000

const sdk = join(import.meta.dirname, '../../../../packages/sdk/src')

describe('the browser build', () => {
  it.each(['index.ts', 'audit/index.ts', 'patient/index.ts'])('of sdk/%s needs nothing of Node and stays small', async (entry) => {
    const bundle = await bundleForBrowser(join(sdk, entry))
    expect(bundle.imports).toEqual([])
    expect(bundle.code).not.toMatch(/["']node:|\bBuffer\.from\b|\bprocess\.env\b/)
    expect(bundle.modules.length).toBeGreaterThan(20)
    expect({ bytes: bundle.bytes < MAX_BYTES, gzip: bundle.gzipBytes < MAX_GZIP_BYTES }, `${bundle.bytes} bytes, ${bundle.gzipBytes} compressed`).toEqual({ bytes: true, gzip: true })
  })
})

const executablePath = findChromium()

describe('a patient with a real Chromium', () => {
  let started: TestNode
  let browser: Browser
  let bundle: BrowserBundle

  beforeAll(async () => {
    if (executablePath === undefined) return
    bundle = await bundleForBrowser(join(import.meta.dirname, 'page.ts'))
    started = await startTestNode({ keyholders: 4 })
    browser = await chromium.launch({ executablePath, headless: true, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
  })
  afterAll(async () => {
    await browser?.close()
    if (started === undefined) return
    expect(started.failures).toEqual([])
    await started.close()
  })

  /** A page of the node's own origin, whose only script is the bundle. */
  async function open(page: Page): Promise<string[]> {
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    await page.route(`${started.url}/wallet`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>wallet</title><script type="module" src="/wallet.js"></script>' }))
    await page.route(`${started.url}/wallet.js`, (route) => route.fulfill({ contentType: 'text/javascript', body: bundle.code }))
    await page.goto(`${started.url}/wallet`)
    await page.waitForFunction('globalThis.chiron !== undefined')
    return problems
  }

  it('claims, reads what was before, decides, rotates, keeps copies, and verifies offline', async (context) => {
    if (executablePath === undefined) return context.skip(HOW_TO_GET_CHROMIUM)
    const id = await admit(started, 3)
    const trust = trustToJson(started.trust)
    const visit: Visit = { base: `${started.url}/riverside`, trust, code: await offer(started, id), passphrase: 'correct horse battery', member: 'lakeside' }
    const browsing = await browser.newContext()
    const page = await browsing.newPage()
    const problems = await open(page)
    const seen = await page.evaluate((given) => globalThis.chiron.visit(given), visit)
    expect(seen).toMatchObject({
      keyIds: ['k2', 'k3'], past: { sealed: 4, released: 4, without: 0 }, anew: { sealed: 4, released: 0, without: 0 }, one: 'Patient', rules: [['lakeside', true]], openings: 1, subtle: true,
    })
    expect(seen.types.toSorted()).toEqual(['Observation', 'Observation', 'Observation', 'Patient'])
    expect(JSON.parse(seen.stored)).toMatchObject({ format: 'chiron/sealed-wallet/v1', kdf: { name: 'scrypt', n: 131_072 } })
    expect(await started.node.wallets.signerFor(id)).toBeUndefined()

    await page.reload()
    await page.waitForFunction('globalThis.chiron !== undefined')
    expect(await page.evaluate((given) => globalThis.chiron.later(given), visit)).toBe(4)
    await expect(page.evaluate((given) => globalThis.chiron.later(given), { ...visit, passphrase: 'incorrect horse' })).rejects.toThrow(/does not open/)

    await browsing.setOffline(true)
    const statements = await page.evaluate((given) => globalThis.chiron.verifyOffline(given), trust)
    expect(statements.map(({ kind }) => kind)).toEqual(['list', 'export'])
    expect(statements[1]?.proven[0]).toContain('the 4 resources are the newest versions')
    expect(await page.evaluate((given) => globalThis.chiron.tamper(given), trust)).toBe('ERR_SDK_AUDIT_INCOMPLETE')
    expect(problems).toEqual([])
    await browsing.close()
  }, 60_000)

  it('is told what is wrong with a code', async (context) => {
    if (executablePath === undefined) return context.skip(HOW_TO_GET_CHROMIUM)
    const code = await offer(started, await admit(started, 0))
    const page = await browser.newPage()
    await open(page)
    const visit = { base: `${started.url}/riverside`, trust: trustToJson(started.trust), passphrase: 'correct horse battery', member: 'lakeside' }
    const attempt = async (typed: string): Promise<unknown> => await page.evaluate(async (given) => await globalThis.chiron.visit(given).then(() => 'claimed', (error: Error) => `${error.message}`), { ...visit, code: typed })
    expect(await attempt(code.slice(0, -2))).toMatch(/59 letters and digits/)
    expect(await attempt(`${code.startsWith('2') ? '3' : '2'}${code.slice(1)}`)).toMatch(/mistyped/)
    await started.node.claimDesk.offer(started.node.desk.handle(await admit(started, 0)), 60_000)
    expect(await page.evaluate(() => localStorage.length)).toBe(0)
    await page.close()
  })
})
