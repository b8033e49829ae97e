import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes'
import { EXTENSION_URLS, NOTICE_URL } from './consent-extensions.ts'

interface Described {
  /** The last part of the address. */
  readonly name: string
  readonly url: string
  /** Element on which it stands. */
  readonly on: string
  readonly title: string
  readonly description: string
  /** Why it changes the meaning of its element; left out where it may be passed over. */
  readonly modifies?: string
  /** Types of its value; or its inner extensions by their address, with type and cardinality. */
  readonly value: readonly string[] | Readonly<Record<string, readonly [type: string, min: number, max: string]>>
}

const PROVISION = 'Consent.provision'

const DESCRIBED: readonly Described[] = [
  {
    name: 'overrides', url: EXTENSION_URLS.overrides, on: PROVISION, value: ['string'],
    title: 'Denial that a permit overrides', description: 'Logical id of the Consent that denies and that this permit, which is strictly narrower, overrides. Without it a denial stands beside any permit.',
  },
  {
    name: 'opens-label', url: EXTENSION_URLS.opensLabel, on: PROVISION, value: ['Coding'], modifies: 'The permit covers more than its other elements say.',
    title: 'Sensitivity label that a permit opens', description: 'The permit also covers data with this sensitivity label. Labelled data is covered only by a permit that names every label of it.',
  },
  {
    name: 'role-at', url: EXTENSION_URLS.roleAt, on: 'Consent.provision.actor', value: ['Reference'], modifies: 'The provision is for fewer people than the role alone says.',
    title: 'Organization at which a role counts', description: 'The actor is whoever has the role at this Organization; not whoever has it elsewhere.',
  },
  {
    name: 'jurisdiction', url: EXTENSION_URLS.jurisdiction, on: PROVISION, value: { within: ['boolean', 1, '1'], country: ['Coding', 1, '*'] }, modifies: 'The provision holds under fewer circumstances than its other elements say.',
    title: 'Countries under whose law the organization must act', description: 'The provision holds only where the law under which the reading organization acts is (within true), or is not (within false), that of one of these countries (ISO 3166-1 alpha-2).',
  },
  {
    name: 'second-person', url: EXTENSION_URLS.secondPerson, on: PROVISION, value: ['boolean'], modifies: 'The permit holds under fewer circumstances than its other elements say.',
    title: 'Second professional', description: 'True: the permit holds only while another professional of the same organization stands by the reader.',
  },
  {
    name: 'accepted-terms', url: EXTENSION_URLS.acceptedTerms, on: PROVISION, value: ['uri'], modifies: 'The permit holds under fewer circumstances than its other elements say.',
    title: 'Terms that the organization must have accepted', description: 'The permit holds only for organizations that accepted the terms with this SHA-256, as a name of RFC 6920 (ni:///sha-256;…).',
  },
  {
    name: 'obligation', url: EXTENSION_URLS.obligation, on: PROVISION, value: ['Coding'], modifies: 'Whoever is served under the permit is bound by more than its other elements say.',
    title: 'Obligation', description: 'What binds whoever is served under the permit: a code of ObligationPolicy or RefrainPolicy (v3-ActCode). Who cannot meet it must not serve.',
  },
  {
    name: 'absolute', url: EXTENSION_URLS.absolute, on: PROVISION, value: ['boolean'], modifies: 'The denial stands where others do not.',
    title: 'Denial that stands in an emergency', description: 'True: the denial also stands against breaking the glass.',
  },
  {
    name: 'notice', url: NOTICE_URL, on: 'Meta', value: ['string'],
    title: 'Notice that goes with a disclosure', description: 'Text that the law wants to go with data when it is disclosed, such as that of 42 CFR 2.32.',
  },
]

/** Definitions of the extensions in what we serve and take, valid R4. Each `id` is `chiron-` and the last part of its `url`. */
export function extensionDefinitions({ version, date }: { readonly version: string; readonly date: string }): StructureDefinition[] {
  return DESCRIBED.map(({ name, url, on, title, description, modifies, value }) => ({
    resourceType: 'StructureDefinition',
    id: `chiron-${name}`,
    url,
    version,
    name: `Chiron${name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`,
    title,
    status: 'active',
    date,
    description,
    fhirVersion: '4.0.1',
    kind: 'complex-type',
    abstract: false,
    context: [{ type: 'element', expression: on }],
    type: 'Extension',
    baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Extension',
    derivation: 'constraint',
    differential: { element: [rootOf(title, description, modifies), ...(isTypes(value) ? simple(url, value) : complex(url, value))] },
  }))
}

function isTypes(value: Described['value']): value is readonly string[] {
  return Array.isArray(value)
}

function rootOf(short: string, definition: string, modifies: string | undefined): ElementDefinition {
  const modifier = modifies === undefined ? { isModifier: false } : { isModifier: true, isModifierReason: modifies }
  return { id: 'Extension', path: 'Extension', short, definition, min: 0, max: '*', ...modifier }
}

function simple(url: string, types: readonly string[]): ElementDefinition[] {
  return [
    { id: 'Extension.extension', path: 'Extension.extension', max: '0' },
    { id: 'Extension.url', path: 'Extension.url', fixedUri: url },
    { id: 'Extension.value[x]', path: 'Extension.value[x]', min: 1, type: types.map((code) => ({ code })) },
  ]
}

function complex(url: string, inner: Readonly<Record<string, readonly [type: string, min: number, max: string]>>): ElementDefinition[] {
  const slices = Object.entries(inner).flatMap(([name, [code, min, max]]): ElementDefinition[] => {
    const id = `Extension.extension:${name}`
    return [
      { id, path: 'Extension.extension', sliceName: name, min, max },
      { id: `${id}.url`, path: 'Extension.extension.url', fixedUri: name },
      { id: `${id}.value[x]`, path: 'Extension.extension.value[x]', min: 1, type: [{ code }] },
    ]
  })
  return [
    { id: 'Extension.extension', path: 'Extension.extension', slicing: { discriminator: [{ type: 'value', path: 'url' }], ordered: false, rules: 'closed' } },
    ...slices,
    { id: 'Extension.url', path: 'Extension.url', fixedUri: url },
    { id: 'Extension.value[x]', path: 'Extension.value[x]', max: '0' },
  ]
}
