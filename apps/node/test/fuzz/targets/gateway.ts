import { generateKeyPairSync } from 'node:crypto'
import type { Did } from '@chiron/protocol'
import type { Target } from '@chiron/testkit/fuzz'
import { SignJWT } from 'jose'
import { GatewayError } from '../../../src/gateway/errors.ts'
import { Aliases } from '../../../src/gateway/fhir/aliases.ts'
import { cursorCodec } from '../../../src/gateway/fhir/cursors.ts'
import { localisedTexts } from '../../../src/gateway/fhir/localise.ts'
import { localised } from '../../../src/gateway/fhir/references.ts'
import { versionOfEtag } from '../../../src/gateway/fhir/request.ts'
import type { IndexStore } from '../../../src/gateway/index/port.ts'
import { Tokens } from '../../../src/gateway/tokens.ts'
import { observation, patient } from '../../gateway/resources.ts'
import { attemptAsync, must, mustEqual } from '../outcome.ts'
import { textBytes, textOf, vectorValues } from '../vectors.ts'

const GATEWAY = 'apps/node/src/gateway/'
const NOW = 1_796_000_000_000
const keys = generateKeyPairSync('ed25519')
const did = vectorValues('ids-derived', 'did')[0] as Did
const [, other, gone] = vectorValues('ids-derived', 'did') as Did[]
/** Keys as they are now; the third identity has none. */
let current = 'k1'
const tokens = new Tokens({ chainId: 'fuzz' }, { keys, now: () => NOW, keyIdOf: (of) => (of === gone ? undefined : of === other ? current : 'k1') })
const issued = await Promise.all([
  tokens.issue({ did, organisation: 'riverside', user: 'physician', purpose: 'TREAT', scopes: ['user/*.cruds'] }),
  tokens.issue({ did, organisation: 'riverside', isWallet: true, purpose: 'PATRQT', scopes: [] }),
  tokens.issue({ did, patientId: 'p1', purpose: 'PATRQT', scopes: ['patient/*.rs'] }),
])
/** Signed, and yet good for nothing: of nobody, for no place or another one, under a key that was replaced, not as tokens are. */
const useless = await Promise.all([
  tokens.issue({ did, purpose: 'TREAT', scopes: [] }), tokens.issue({ did: gone as Did, organisation: 'riverside', purpose: 'TREAT', scopes: [] }), tokens.issue({ did, organisation: 'lakeside', purpose: 'TREAT', scopes: [] }),
  tokens.issue({ did: other as Did, patientId: 'p2', purpose: 'PATRQT', scopes: [] }),
  ...[{}, { nbf: NOW / 1000 + 60 }, { purpose: 'x y' }, { purpose: 'TREAT', scope: '', org: 'riverside', nbf: NOW / 1000 - 60 }].map((claims) => (
    new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' }).setSubject(did).setAudience('chiron:fuzz').setIssuer('chiron:fuzz').setExpirationTime(NOW / 1000 + 600).setJti('1').sign(keys.privateKey)
  )),
])
current = 'k2'
const unsigned = issued.map((token) => token.split('.').slice(0, 2).join('.'))

const LOCAL: Readonly<Record<string, string>> = { 'Patient/p1': 'mrn-1', 'Observation/o1': 'lab.7' }
const aliases = new Aliases({ index: { localId: async (type: string, id: string) => LOCAL[`${type}/${id}`] } as unknown as IndexStore })
const codec = cursorCodec(new Uint8Array(32).fill(5))
const sealed = codec.seal('{"a":5}')

export const gatewayTargets: readonly Target[] = [
  {
    name: 'gateway/token', form: { separators: /([. _-])/ }, modules: [`${GATEWAY}tokens.ts`], words: ['Bearer', ' ', 'eyJhbGciOiJub25lIn0', 'eyJhbGciOiJIUzI1NiJ9', ...issued.flatMap((token) => token.split('.'))],
    seeds: [...issued, ...useless, await new SignJWT({ scope: '' }).setProtectedHeader({ alg: 'EdDSA' }).sign(keys.privateKey), `${unsigned[0]}.`, 'x'].map((token) => textBytes(`Bearer ${token}`)),
    run: async (input) => {
      const text = textOf(input)
      const read = await attemptAsync(() => tokens.verify(text, 'riverside'), GatewayError)
      if ('refused' in read) return read.refused
      must([...issued, ...useless.slice(-1)].some((token) => `Bearer ${token.split('.').slice(0, 2).join('.')}` === text.split('.').slice(0, 2).join('.')), 'a token is taken that nobody issued')
      return 'accepted'
    },
  },
  {
    name: 'gateway/cursor', form: 'bytes', modules: [`${GATEWAY}fhir/cursors.ts`, `${GATEWAY}fhir/request.ts`], seeds: [sealed, 'W/"3"', '"1"', ''].map(textBytes),
    run: (input) => {
      const text = textOf(input)
      const opened = codec.open(text)
      // What is read of base64url leaves out signs that are none, so several texts may carry the same bytes.
      if (opened !== undefined) mustEqual(opened, '{"a":5}', 'a cursor opens that nobody sealed')
      const version = versionOfEtag(text)
      return opened !== undefined ? 'accepted' : version === undefined ? 'refused' : 'accepted etag'
    },
  },
  {
    name: 'gateway/localise', form: 'json', modules: [`${GATEWAY}fhir/localise.ts`, `${GATEWAY}fhir/references.ts`], words: ['id', 'reference', 'Patient/p1', 'Observation/o1', 'p1', 'o1', '"id":"p1"', '\\"reference\\":\\"Patient/p1'],
    seeds: [patient({ id: 'p1' }), { ...observation('p1', 'laboratory'), id: 'o1', hasMember: [{ reference: 'Observation/o1/_history/3', display: 'p1' }] }].map((each) => textBytes(JSON.stringify(each))),
    run: async (input) => {
      let resource: { resourceType: string; id: string }
      try {
        resource = JSON.parse(textOf(input)) as typeof resource
      } catch {
        return 'no JSON'
      }
      // As resources are stored: with a type, an id, and lists and texts where FHIR has them.
      if (typeof resource !== 'object' || resource === null || Array.isArray(resource) || typeof resource.resourceType !== 'string' || typeof resource.id !== 'string' || !/^[A-Za-z0-9\-.]{1,64}$/.test(resource.id)) return 'no resource'
      const [expected] = await localised({ aliases }, [resource])
      const [given] = await localisedTexts({ aliases }, [{ type: resource.resourceType, id: resource.id }], [JSON.stringify(resource)])
      mustEqual(given?.text ?? '', JSON.stringify(expected), 'the text of a resource is rewritten otherwise than the resource')
      return 'accepted'
    },
  },
]
