import { mkdtempSync, rmSync, readFileSync, readdirSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { join } from 'node:path'
import { webRandom, openReleases, sealEnvelope, openEnvelope, type KemSuite } from '@chiron/vault'
import { TestNetwork } from '@chiron/vault/testing'
import { openKeyholder } from './open-keyholder.ts'
import { masterKeyWrap } from './key-wrap.ts'
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1000 }
let c0 = cpu()
const ms = (t: number) => { const c = cpu(); const out = `${(performance.now() - t).toFixed(0)} ms wall, cpu ${(c - c0).toFixed(0)} since last`; c0 = c; return out }
for (const [n, suite] of JSON.parse(process.argv[2]!) as [number, KemSuite][]) {
  const root = mkdtempSync('/tmp/vbench/b-')
  const net = await TestNetwork.start(n, { suite })
  const locals = []
  for (let i = 0; i < n; i++) locals.push(await openKeyholder({ chainId: net.ledger.chainId, did: net.identities[i]!.did, keys: net.keys[i]!, directory: join(root, String(i)) }, { view: net.ledger, sign: net.identities[i]!.sign, wrap: masterKeyWrap(new Uint8Array(32), String(i), webRandom), random: webRandom }))
  net.keyholders = locals.map((l) => l.keyholder)
  const warm = await net.sealRecords(5, 'warm'); await net.write(warm)
  const recs = await net.sealRecords(1000)
  let t = performance.now(); const batch = await net.deal(recs); console.log(n, suite, 'deal 1000', ms(t), 'package', batch.packages[0]!.length)
  t = performance.now(); await Promise.all(net.keyholders.map((k, i) => k.acceptBatch(batch.packages[i]!))); console.log('  accept 1000 at all', ms(t))
  net.commit(batch)
  const one = await net.sealRecords(1, 'one'); t = performance.now(); const b1 = await net.deal(one); await Promise.all(net.keyholders.map((k, i) => k.acceptBatch(b1.packages[i]!))); console.log('  deal+accept 1', (performance.now() - t).toFixed(1))
  const access = new Uint8Array(16) as never
  net.ledger.openAccessFor(access, net.reader, net.gateway.did)
  const expected = net.expected(recs, batch)
  for (const label of ['cold', 'warm']) {
    const req = await net.request(access, recs)
    t = performance.now(); const responses = await Promise.all(net.keyholders.map(async (k) => ({ keyholder: k.did, bytes: await k.release(req.bytes) }))); console.log('  release 1000', label, ms(t), responses[0]!.bytes.length)
    t = performance.now(); const o = await openReleases({ request: req.hash, recipient: net.recipient, records: expected, responses, set: (s) => net.ledger.custodySet(s) }); console.log('  open 1000', ms(t), o.faults.length, o.keys.every((k) => 'key' in k))
  }
  const r1 = await net.request(access, recs.slice(0, 1)); t = performance.now(); await Promise.all(net.keyholders.map((k) => k.release(r1.bytes))); console.log('  release 1', (performance.now() - t).toFixed(1))
  t = performance.now(); const d = await net.keyholders[0]!.destroy([recs[0]!.binding]); console.log('  destroy 1 of 1006', ms(t), d.resealed)
  for (const l of locals) await l.close()
  rmSync(root, { recursive: true })
}
if (process.argv[3] !== 'env') process.exit(0)
const dir = '/work/shared/data/01-synthea-fhir-r4/2026-synthea-3.3-uscore5'
const files = readdirSync(dir, { recursive: true }).map(String).filter((f) => /json/.test(f) && !/hospital|practitioner/.test(f))
const f = files[0]!
const raw = readFileSync(join(dir, f)); const b = JSON.parse((f.endsWith('.gz') ? gunzipSync(raw) : raw).toString())
const net = await TestNetwork.start(1)
const rs = b.entry.map((e: { resource: unknown }) => new TextEncoder().encode(JSON.stringify(e.resource)))
const binding = (await net.sealRecords(1))[0]!.binding
for (let k = 0; k < 2; k++) { let t = performance.now(); let plain = 0, size = 0; const out = []; for (const resource of rs) { const e = await sealEnvelope({ meta: {}, resource }, binding, webRandom); plain += resource.length; size += e.bytes.length; out.push(e) }
console.log('seal', rs.length, ((performance.now() - t) / rs.length).toFixed(3), 'ms each', plain, size)
t = performance.now(); for (const e of out) await openEnvelope(e.bytes, e.key, binding); console.log('open', ((performance.now() - t) / rs.length).toFixed(3)) }
