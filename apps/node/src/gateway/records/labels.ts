import type { Label } from '@chiron/protocol'

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'

/** HL7 v3 ActCode InformationSensitivityPolicy codes, and the label that each puts on a record. */
const LABEL_OF_CODE: ReadonlyMap<string, Label> = new Map<string, Label>([
  ['PSY', 'mental-health'], ['MH', 'mental-health'], ['BH', 'mental-health'], ['PSYTHPN', 'mental-health'], ['COGN', 'mental-health'],
  ['ETH', 'substance-use'], ['SUD', 'substance-use'], ['ETHUD', 'substance-use'], ['OPIOIDUD', 'substance-use'],
  ['HIV', 'hiv'],
  ['SDV', 'sexual-and-domestic-violence'], ['SEX', 'sexual-and-domestic-violence'], ['DVD', 'sexual-and-domestic-violence'],
  ['VIO', 'sexual-and-domestic-violence'],
  ['GDIS', 'genetics'],
  ['ADOL', 'minor-confidential'],
])

/** Sensitivity labels that the author put on a resource in `meta.security`. */
export function labelsOf(resource: object): Label[] {
  const meta = (resource as { meta?: { security?: unknown } }).meta
  const labels = new Set<Label>()
  if (!Array.isArray(meta?.security)) return []
  for (const coding of meta.security as { system?: unknown; code?: unknown }[]) {
    const label = coding.system === ACT_CODE && typeof coding.code === 'string' ? LABEL_OF_CODE.get(coding.code) : undefined
    if (label !== undefined) labels.add(label)
  }
  return [...labels].sort()
}
