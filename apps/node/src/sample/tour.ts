import type { OpenNode } from '../network/open-node.ts'

/** What the tour must name. */
export interface TourFacts {
  readonly url: string
  readonly dataDirectory: string
  readonly masterKeyBesideData: boolean
  /** Whether commands find the data without being told where. */
  readonly isDefaultDirectory: boolean
}

/** The words printed after the first start: where data lie, what this is not, and lines to paste. */
export async function sampleTour(node: OpenNode, { url, dataDirectory, masterKeyBesideData, isDefaultDirectory }: TourFacts): Promise<string> {
  const [patient = 'ID'] = await node.wallets.patientIds()
  const masterKey = masterKeyBesideData ? 'the master key beside the data' : 'the master key in a file of its own'
  const where = isDefaultDirectory ? '' : `  export CHIRON_DATA=${dataDirectory}\n`
  return `
Chiron is running at ${url}
Data are kept in ${dataDirectory}

This is a sample network with fictional patients, not for production: one keyholder, one signer of
blocks, custodial wallets, and ${masterKey}. Access logs and proofs rest on this one process.

A short tour; paste these lines into another terminal in this directory:

${where}  ID=${patient}
  TOKEN=$(npx chiron token --org lakeside --user physician)

  # The clinic has no access yet: 403, and how to ask
  curl -s -H "Authorization: Bearer $TOKEN" "${url}/lakeside/fhir/Observation?patient=$ID"

  # The hospital reads what it wrote, and that is listed too
  HOSPITAL=$(npx chiron token --org riverside --user physician)
  curl -s -H "Authorization: Bearer $HOSPITAL" "${url}/riverside/fhir/Patient/$ID"

  # The clinic's physician asks, the patient approves: laboratory results, for one day
  REQUEST=$(npx chiron request --org lakeside --user physician --patient $ID --purpose TREAT --category laboratory --for P1D)
  npx chiron request approve $REQUEST

One thing to try: read as the clinic's physician, then see it in the patient's list.

  curl -s -H "Authorization: Bearer $TOKEN" "${url}/lakeside/fhir/Observation?patient=$ID&_count=3"
  npx chiron audit --patient $ID
`
}
