import type { Patient } from '@medplum/fhirtypes'
import type { ChildNode } from '../../crash/child-node.ts'

/**
 * Requests of which nearly all must fail, each with a person's data where it is easily repeated: in paths, queries, headers, and bodies that
 * are broken, invalid or refused; not in names of elements and parameters, which errors do repeat. The answers that are errors;
 * one of the server's own making (5xx) is thrown.
 */
export async function failingRequests(node: ChildNode, patient: Patient, ids: readonly string[]): Promise<string[]> {
  const { url, tokens } = node.ready
  const family = patient.name?.[0]?.family ?? ''
  const given = patient.name?.[0]?.given?.[0] ?? ''
  const ssn = patient.identifier?.find(({ system }) => system?.endsWith('us-ssn'))?.value ?? ''
  const line = patient.address?.[0]?.line?.[0] ?? ''
  const born = patient.birthDate ?? ''
  const json = { 'content-type': 'application/fhir+json' }
  const asked: readonly (readonly [org: string, method: string, path: string, body?: unknown, headers?: Record<string, string>])[] = [
    ['riverside', 'POST', 'Patient', `{"resourceType":"Patient","name":[{"family":"${family}"`],
    ['riverside', 'POST', 'Patient', `<Patient><name value="${family}"/></Patient>`, { 'content-type': 'application/fhir+xml' }],
    ['riverside', 'POST', 'Patient', { ...patient, gender: family }],
    ['riverside', 'POST', 'Patient', { ...patient, birthDate: line }],
    ['riverside', 'POST', 'Patient', { ...patient, brithDate: ssn }],
    ['riverside', 'POST', 'Patient', { ...patient, name: family }],
    ['riverside', 'POST', 'Patient', { ...patient, maritalStatus: { coding: [{ system: 'http://hl7.org/fhir/administrative-gender', code: family }] }, active: family }],
    ['riverside', 'POST', family, { ...patient, resourceType: family }],
    ['riverside', 'POST', 'Observation', { ...patient }],
    ['riverside', 'POST', 'Observation', { resourceType: 'Observation', status: family, code: { text: ssn }, subject: { reference: `Patient/${ids[0] ?? ''}`, display: family } }],
    ['riverside', 'POST', 'Observation', { resourceType: 'Observation', status: 'final', code: { text: line }, subject: { reference: `Patient/${patient.id ?? ''}-x`, display: family } }],
    ['riverside', 'POST', 'Observation', { resourceType: 'Observation', status: 'final', code: { text: line }, subject: { reference: `Patient?identifier=${ssn}` } }],
    ['riverside', 'PUT', `Patient/${patient.id ?? ''}`, { ...patient, id: family }],
    ['riverside', 'PUT', `Patient/${encodeURIComponent(line)}`, { ...patient, id: line }],
    ['riverside', 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry: [{ fullUrl: line, resource: { ...patient, birthDate: family }, request: { method: 'POST', url: 'Patient' } }] }],
    ['riverside', 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: patient, request: { method: family, url: ssn } }] }],
    ['riverside', 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: { resourceType: 'Observation', status: 'final', code: { text: family }, subject: { reference: `urn:uuid:${patient.id ?? ''}` } }, request: { method: 'POST', url: 'Observation' } }] }],
    ['riverside', 'POST', '', { resourceType: 'Bundle', type: family, entry: [] }],
    ['riverside', 'GET', `Patient?nmae=${given}`],
    ['riverside', 'GET', `Patient?birthdate=${encodeURIComponent(line)}`],
    ['riverside', 'GET', `Patient?_sort=${family}`],
    ['riverside', 'GET', `Patient?_count=${family}`],
    ['riverside', 'GET', `Patient?_include=${family}:${given}`],
    ['riverside', 'GET', `Observation?value-quantity=${encodeURIComponent(ssn)}|${family}&date=${born}x`],
    ['riverside', 'GET', `Patient/${patient.id ?? ''}-x`],
    ['riverside', 'GET', `Patient/${ids[0] ?? ''}/${family}`],
    ['riverside', 'PATCH', `Patient/${ids[0] ?? ''}`, [{ op: 'replace', path: '/birthDate', value: born }]],
    ['lakeside', 'GET', `Patient?name=${family}&_format=${ssn}`],
    ['lakeside', 'GET', `Patient/${patient.id ?? ''}`],
    ['lakeside', 'POST', 'Observation', { resourceType: 'Observation', status: 'final', code: { text: line }, subject: { reference: `Patient/${ids[1] ?? ''}`, display: family } }],
    [family, 'GET', `Patient?name=${given}`],
    ['riverside', 'GET', `Patient?name=${family}`, undefined, { authorization: `Bearer ${Buffer.from(family).toString('base64url')}.${Buffer.from(ssn).toString('base64url')}.x` }],
    ['riverside', 'POST', 'Patient', patient, { 'if-none-exist': `nmae=${family}&identifier=${ssn}` }],
    ['riverside', 'PUT', `Patient/${ids[0] ?? ''}`, { ...patient, id: ids[0] }, { 'if-match': `W/"${ssn}"` }],
  ]
  const answers: string[] = []
  for (const [org, method, path, body, headers] of asked) {
    const response = await fetch(`${url}/${org}/fhir${path === '' ? '' : `/${path}`}`, {
      method,
      headers: { authorization: `Bearer ${tokens[org] ?? tokens['riverside'] ?? ''}`, ...json, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    if (response.status >= 500) throw new Error(`${method} ${path.split(/[?/]/)[0] ?? ''} answered ${response.status}, number ${answers.length}: ${text.slice(0, 400)}`)
    if (response.status < 400) continue
    answers.push(`${[...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')}\n${text}`)
  }
  return answers
}
