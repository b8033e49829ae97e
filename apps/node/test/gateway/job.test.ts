import { randomUUID } from 'node:crypto'
import { verifyAuditList } from '@chiron/sdk/audit'
import { readReceipt, verifyTxReceipt } from '@chiron/sdk'
import { toHex } from '@chiron/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type Client } from './client.ts'
import { ask, grant, HOUR, organisation, registerTreatment, revoke } from './consents.ts'
import { loadSample, startTestNode, type TestNode } from './harness.ts'
import { observation } from './resources.ts'

const LAB = 'category=laboratory'

describe.each([{ keyholders: 1 as const }, { keyholders: 4 as const }])('the whole job with $keyholders keyholders', ({ keyholders }) => {
  let started: TestNode
  let hospital: Client
  let clinic: Client
  let id: string
  let other: string

  beforeAll(async () => {
    started = await startTestNode({ keyholders })
    ;[id, other] = (await loadSample(started, ['Else33', 'Son314'])) as [string, string]
    hospital = await started.as('riverside', 'physician')
    clinic = await started.as('lakeside', 'physician')
  })
  afterAll(async () => {
    await started.close()
    expect(started.failures).toEqual([])
  })

  const count = async (client: Client, query: string): Promise<number> => (await client.get(`${query}&_summary=count`)).expect(200).total

  it('lets the hospital read what it wrote', async () => {
    expect((await hospital.get('Patient')).expect(200).total).toBe(2)
    expect(await count(hospital, `Observation?patient=${id}`)).toBeGreaterThan(await count(hospital, `Observation?patient=${id}&${LAB}`))
    expect(await count(hospital, `Observation?patient=${id}&${LAB}`)).toBeGreaterThan(0)
  })

  it('refuses the clinic in the same words for a patient who exists and one who does not', async () => {
    const nobody = randomUUID()
    for (const path of [
      (patient: string) => `Patient/${patient}`,
      (patient: string) => `Patient/${patient}/$everything`,
      (patient: string) => `Patient/${patient}/_history`,
      (patient: string) => `Patient/${patient}/_history/1`,
      (patient: string) => `Patient?_id=${patient}`,
      (patient: string) => `Observation?patient=${patient}`,
      (patient: string) => `Observation?subject=Patient/${patient}`,
      (patient: string) => `AuditEvent?patient=${patient}`,
      (patient: string) => `Consent?patient=${patient}`,
    ]) {
      const known = (await clinic.get(path(id))).expect(403)
      const unknown = (await clinic.get(path(nobody))).expect(403)
      expect(known.text).toBe(unknown.text)
      expect([...known.headers.keys()]).toEqual([...unknown.headers.keys()])
      expect(known.outcome.issue[0]?.diagnostics).toContain('consent.request')
    }
    await started.flush()
    const refusals = started.node.desk.audit(id).filter((row) => row.what.startsWith('was refused'))
    for (const row of refusals) expect(row).toMatchObject({ organisation: 'lakeside', purpose: 'TREAT' })
    const times = refusals.map(({ what }) => (what === 'was refused once to read' ? 1 : Number(/^was refused (\d+) times to read$/.exec(what)?.[1])))
    expect(times.reduce((sum, count) => sum + count, 0)).toBe(9)
  })

  it('shows nothing to a search that names nobody', async () => {
    expect((await clinic.get('Patient')).expect(200).total).toBe(0)
    expect((await clinic.get('Observation')).expect(200).total).toBe(0)
    expect((await clinic.get('Patient?name=Romaguera67')).expect(200).total).toBe(0)
  })

  it('denies and narrows requests', async () => {
    const denied = await ask(started, id, 'lakeside', 'physician', ['laboratory'])
    await started.node.desk.deny(id, denied)
    ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
    const asked = await ask(started, id, 'lakeside', 'physician', ['laboratory', 'conditions'])
    const { rule } = await started.node.desk.approve(id, asked, { categories: ['conditions'], forMs: HOUR / 2 })
    expect(await count(clinic, `Condition?patient=${id}`)).toBe(await count(hospital, `Condition?patient=${id}`))
    expect(await count(clinic, `Observation?patient=${id}`)).toBe(0)
    await revoke(started, id, rule)
    ;(await clinic.get(`Condition?patient=${id}`)).expect(403)
  })

  it('opens what an approved request asked for, and nothing else', async () => {
    const asked = await ask(started, id, 'lakeside', 'physician', ['laboratory'])
    const { rule } = await started.node.desk.approve(id, asked, {})
    const expected = await count(hospital, `Observation?patient=${id}&${LAB}`)
    const found = (await clinic.get(`Observation?patient=${id}&_count=1000`)).expect(200)
    expect(found.total).toBe(expected)
    expect(found.matches()).toHaveLength(expected)
    const [sample] = found.matches()
    const hidden = (await hospital.get(`Observation?patient=${id}&category=vital-signs&_count=1`)).matches()[0]
    for (const suffix of ['', '/_history', '/_history/1']) {
      ;(await clinic.get(`Observation/${sample?.id}${suffix}`)).expect(200)
      const secret = (await clinic.get(`Observation/${hidden?.id}${suffix}`)).expect(404)
      const absent = (await clinic.get(`Observation/${randomUUID()}${suffix}`)).expect(404)
      expect(secret.text).toBe(absent.text)
    }
    for (const type of ['Condition', 'Encounter', 'Claim', 'Procedure', 'DocumentReference']) expect(await count(clinic, `${type}?patient=${id}`)).toBe(0)
    ;(await clinic.get(`Observation?patient=${other}`)).expect(403)
    await revoke(started, id, rule)
  })

  it('pages, sorts and includes within what a grant covers, and shows the Patient only as far as it identifies', async () => {
    const rule = await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'], purposes: ['TREAT'] })
    const expected = await count(hospital, `Observation?patient=${id}&${LAB}`)
    const seen: string[] = []
    let next: string | undefined = `Observation?patient=${id}&_count=7&_sort=-date&_include=Observation:encounter&_include=Observation:subject`
    while (next !== undefined) {
      const page = (await clinic.get(next)).expect(200)
      expect(page.total).toBe(expected)
      seen.push(...page.matches().map((resource) => resource.id))
      expect(page.included().map((resource) => resource.resourceType)).toEqual(['Patient'])
      next = page.link('next')?.replace(`${clinic.base}/fhir/`, '')
    }
    expect(new Set(seen).size).toBe(expected)
    expect(seen).toHaveLength(expected)
    const sorted = (await hospital.get(`Observation?patient=${id}&${LAB}&_sort=-date&_count=1000`)).matches().map((resource) => resource['effectiveDateTime'])
    expect(sorted).toEqual([...sorted].sort().reverse())
    const shown = (await clinic.get(`Patient/${id}`)).expect(200).resource
    expect(Object.keys(shown).sort()).toEqual(['birthDate', 'gender', 'id', 'identifier', 'meta', 'name', 'resourceType'])
    expect(shown.meta.tag?.map(({ code }) => code)).toEqual(['SUBSETTED'])
    const everything = (await clinic.get(`Patient/${id}/$everything`)).expect(200).matches()
    expect(everything.filter((resource) => resource.resourceType === 'Observation')).toHaveLength(expected)
    expect(everything[0]).toEqual(shown)
    ;(await (await started.as('lakeside', 'physician', { purpose: 'HRESCH' })).get(`Observation?patient=${id}`)).expect(403)
    await revoke(started, id, rule)
  })

  it('shows a new record at once to whoever it is open to', async () => {
    const rule = await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    const before = await count(clinic, `Observation?patient=${id}`)
    const created = (await hospital.create(observation(id, 'laboratory'))).expect(201).resource
    const unrelated = (await hospital.create(observation(id, 'vital-signs'))).expect(201).resource
    expect(await count(clinic, `Observation?patient=${id}`)).toBe(before + 1)
    ;(await clinic.get(`Observation/${created.id}`)).expect(200)
    ;(await clinic.get(`Observation/${unrelated.id}`)).expect(404)
    ;(await hospital.delete(`Observation/${created.id}`)).expect(204)
    expect(await count(clinic, `Observation?patient=${id}`)).toBe(before)
    ;(await clinic.get(`Observation/${created.id}`)).expect(410)
    await revoke(started, id, rule)
  })

  it('shuts the door at once when a grant is revoked, and takes the rows out of the index', async () => {
    const { index } = started.gateway('lakeside').services
    const rule = await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    const [sample] = (await clinic.get(`Observation?patient=${id}`)).expect(200).matches()
    expect((await index.openAccesses()).map(({ rows }) => rows)).not.toEqual([])
    await revoke(started, id, rule)
    ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
    ;(await clinic.get(`Patient/${id}`)).expect(403)
    ;(await clinic.get(`Observation/${sample?.id}`)).expect(404)
    expect((await clinic.get('Observation')).expect(200).total).toBe(0)
    await eventually(async () => await index.openAccesses()).toEqual([])
    const record = started.gateway('lakeside').services.vocabulary.record('Observation', sample?.id ?? '')
    expect(await index.rowsOf({ record })).toEqual([])
  })

  it('lets a grant run out by the ledger and, before that, by the clock', async () => {
    const rule = await grant(started, id, { to: organisation(started, 'lakeside'), categories: ['laboratory'], forMs: 60_000 })
    ;(await clinic.get(`Observation?patient=${id}`)).expect(200)
    started.setClockAhead(61_000)
    ;(await clinic.get(`Observation?patient=${id}`)).expect(403)
    await started.gateway('lakeside').services.charts.expire()
    expect(await started.gateway('lakeside').services.index.openAccesses()).toEqual([])
    started.setClockAhead(0)
    await revoke(started, id, rule)
    const { untilMs } = await started.node.desk.grant(other, {
      effect: 'permit', grantee: organisation(started, 'lakeside'), purposes: [], categories: ['laboratory'], labels: [], records: [], actions: ['read'], forMs: 1_500, overrides: null,
    })
    ;(await clinic.get(`Observation?patient=${other}`)).expect(200)
    await eventually(async () => {
      await started.node.engine.advance()
      return started.node.engine.status().timeMs
    }).toBeGreaterThanOrEqual(untilMs as number)
    ;(await clinic.get(`Observation?patient=${other}`)).expect(403)
  })

  it('lists every access with its rule, provably complete', async () => {
    const rule = await grant(started, other, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    const shown = (await clinic.get(`Observation?patient=${other}&_count=5`)).expect(200).matches()
    expect(shown).toHaveLength(5)
    await started.flush()
    const own = await started.asPatient(other)
    const rows = JSON.parse((await own.send('GET', 'chiron/audit', undefined, {})).expect(200).text) as Record<string, string>[]
    const proven = verifyAuditList(rows, started.trust)
    expect(proven.lists.map(({ size }) => size)).toEqual([rows.length])
    const [report, opened, granted, ...others] = rows.filter((row) => row['rule'] === toHex(rule))
    expect(report).toMatchObject({ what: 'was shown laboratory (5)', purpose: 'TREAT', organisation: 'lakeside' })
    expect(opened?.['what']).toMatch(/^opened access to read/)
    expect(opened).toMatchObject({ purpose: 'TREAT', organisation: 'lakeside' })
    expect(granted).toMatchObject({ what: 'made a rule: permit' })
    expect(others).toEqual([])
    expect(() => verifyAuditList(rows.toSpliced(1, 1), started.trust)).toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_INCOMPLETE' }))
    expect(() => verifyAuditList([{ ...rows[0], what: 'was shown laboratory (4)' }, ...rows.slice(1)], started.trust)).toThrow(expect.objectContaining({ code: 'ERR_SDK_AUDIT_MISMATCH' }))
  })

  it('gives the patient their own record, audit events and rules as FHIR', async () => {
    const own = await started.asPatient(other)
    expect((await own.get('Patient')).expect(200).matches().map((resource) => resource.id)).toEqual([other])
    expect(await count(own, 'Observation?')).toBe(await count(hospital, `Observation?patient=${other}`))
    ;(await own.get(`Patient/${id}`)).expect(403)
    ;(await own.get(`Observation?patient=${id}`)).expect(403)
    const events = (await own.get('AuditEvent?_count=1000')).expect(200)
    expect(events.matches().length).toBe(events.total)
    expect(events.matches().every((resource) => resource.resourceType === 'AuditEvent')).toBe(true)
    expect(events.text).toContain('lakeside')
    const [event] = events.matches()
    expect((await own.get(`AuditEvent/${event?.id}`)).expect(200).json).toEqual(event)
    const rules = (await own.get('Consent?status=active')).expect(200).matches()
    expect(rules).toHaveLength(1)
    ;(await own.get(`Consent/${rules[0]?.id}`)).expect(200)
    expect((await own.get('Consent')).total).toBe(2)
    ;(await own.create(observation(other, 'laboratory'))).expect(403)
  })

  it('lists the patients on a page that names nobody', async () => {
    const before = [id, other].map((patient) => started.node.desk.audit(patient).filter((row) => row.purpose === 'HPAYMT').length)
    expect(before).toEqual([0, 0])
    const payer = await started.as('riverside', 'admin', { purpose: 'HPAYMT' })
    expect((await payer.get('Patient')).expect(200).matches()).toHaveLength(2)
    await started.flush()
    for (const patient of [id, other]) {
      const rows = started.node.desk.audit(patient).filter((row) => row.purpose === 'HPAYMT')
      expect(rows.map((row) => row.what.split(',')[0])).toEqual(['was shown demographics (1)', 'opened access to read'])
      expect(rows.map((row) => row.rule)).toEqual(['author of the records', 'author of the records'])
    }
  })

  it('shows an organisation its own accesses only', async () => {
    const rule = await grant(started, other, { to: organisation(started, 'lakeside'), categories: ['laboratory'] })
    const events = (await clinic.get(`AuditEvent?patient=${other}&_count=1000`)).expect(200)
    expect(events.total).toBeGreaterThan(0)
    const riverside = started.node.identities.organisations.get('riverside')?.did as string
    expect(events.text).not.toContain(riverside)
    ;(await clinic.get(`AuditEvent?agent=Practitioner/1&patient=${other}`)).expect(400)
    ;(await clinic.get('AuditEvent')).expect(400)
    await revoke(started, other, rule)
  })

  it('lets the clinic write only into charts of patients it treats', async () => {
    const body = observation(id, 'laboratory')
    const refused = (await clinic.create(body)).expect(403)
    const nobody = (await clinic.create(observation(randomUUID(), 'laboratory'))).expect(403)
    expect(refused.text).toBe(nobody.text)
    await registerTreatment(started, id, 'lakeside')
    const written = (await clinic.create(body)).expect(201)
    expect(verifyTxReceipt(readReceipt(written.receipt as string), started.trust).kind).toBe('tx')
    ;(await clinic.get(`Observation/${written.resource.id}`)).expect(200)
    expect(await count(clinic, `Observation?patient=${id}`)).toBe(1)
    ;(await hospital.get(`Observation/${written.resource.id}`)).expect(404)
    await started.flush()
    expect(started.node.desk.audit(id).some((row) => row.what === 'was refused once to write' && row.organisation === 'lakeside')).toBe(true)
  })
})
