import type { SearchParameter } from '@medplum/fhirtypes'
import type { DefinitionsModel, SearchParameterModel, SearchPath, TypeModel } from './model.ts'

type Types = Readonly<Record<string, TypeModel>>

/** Leaf types that each kind of parameter can index; a choice element is narrowed to these. */
const LEAVES: Readonly<Record<string, ReadonlySet<string>>> = {
  token: new Set(['code', 'Coding', 'CodeableConcept', 'Identifier', 'ContactPoint', 'boolean', 'id', 'string', 'uri', 'canonical', 'url', 'oid', 'uuid']),
  reference: new Set(['Reference', 'canonical', 'uri']),
  date: new Set(['date', 'dateTime', 'instant', 'Period', 'Timing']),
  string: new Set(['string', 'markdown', 'HumanName', 'Address', 'code', 'id', 'uri', 'CodeableConcept']),
  quantity: new Set(['Quantity', 'Age', 'Duration', 'Count', 'Distance', 'Money', 'Range', 'SampledData']),
  uri: new Set(['uri', 'url', 'canonical', 'oid', 'uuid']),
  number: new Set(['integer', 'decimal', 'positiveInt', 'unsignedInt', 'Range']),
}

/**
 * Turns SearchParameter expressions into plain property paths, so that indexing evaluates no FHIRPath.
 * A parameter whose expression is outside the subset that R4 uses gets no paths and is treated as unsupported.
 */
export function pruneSearch(
  parameters: readonly SearchParameter[],
  types: Types,
  systemOf: (valueSet: string) => string | undefined,
): DefinitionsModel['search'] {
  const drafts: (Omit<SearchParameterModel, 'id'> & { owner: string })[] = []
  const resources = Object.keys(types).filter((name) => types[name]?.kind === 'resource' && !types[name]?.abstract)
  for (const parameter of parameters) {
    if (parameter.code === undefined || parameter.type === undefined) continue
    const bases = (parameter.base ?? []).flatMap((base) => (types[base]?.abstract ? resources : resources.includes(base) ? [base] : []))
    for (const owner of bases) {
      const indexed = parameter.type !== 'composite' && parameter.type !== 'special' && parameter.code !== '_id' && parameter.code !== '_lastUpdated'
      drafts.push({
        owner,
        code: parameter.code,
        type: parameter.type,
        url: parameter.url ?? '',
        paths: indexed ? compileExpression(parameter.expression ?? '', owner, parameter.type, types, systemOf) : [],
        ...(parameter.target ? { targets: parameter.target.filter((target) => resources.includes(target)) } : {}),
      })
    }
  }
  drafts.sort((a, b) => (a.owner + ' ' + a.code < b.owner + ' ' + b.code ? -1 : 1))
  const search: Record<string, Record<string, SearchParameterModel>> = {}
  drafts.forEach(({ owner, ...draft }, index) => {
    ;(search[owner] ??= {})[draft.code] = { id: index + 1, ...draft }
  })
  return search
}

/** Property paths of every alternative of `expression` that starts at `owner`. */
export function compileExpression(
  expression: string,
  owner: string,
  kind: string,
  types: Types,
  systemOf: (valueSet: string) => string | undefined,
): SearchPath[] {
  const paths: SearchPath[] = []
  for (const alternative of expression.split('|')) {
    const presence = /^\s*[A-Za-z]+\.([a-z]+)\.exists\(\) and [A-Za-z]+\.\1 != false\s*$/.exec(alternative)
    const text = presence ? alternative.trim().split('.exists()')[0] : alternative
    const steps = tokenize(text ?? '')
    const first = steps?.[0]
    if (steps === undefined || first === undefined) continue
    const rooted = first === owner || first === 'Resource' || first === 'DomainResource'
    if (!rooted && types[owner]?.elements[first] === undefined) continue
    for (const path of resolve(rooted ? steps.slice(1) : steps, owner, types, systemOf)) {
      if (presence) paths.push({ at: path.at, leaf: path.leaf, presence: true })
      else if (LEAVES[kind]?.has(path.leaf)) paths.push(path)
    }
  }
  return paths
}

/** Splits `(A.b as T).where(x='y').c` into `A`, `b`, `as:T`, `where:x=y`, `c`. */
function tokenize(text: string): string[] | undefined {
  const flat = text
    .trim()
    .replace(/^\((.*)\)$/, '$1')
    .replace(/^\((.*)\)\./, '$1.')
    .replaceAll(/ as ([A-Za-z]+)/g, '.as($1)')
  const steps: string[] = []
  let rest = flat
  while (rest.length > 0) {
    const match = /^\.?(?:(?:as|ofType)\((\w+)\)|where\(resolve\(\) is (\w+)\)|where\((\w+)='([^']+)'\)|(\w+))/.exec(rest)
    if (match === null) return undefined
    const [all, asType, resolved, key, value, name] = match
    if (asType !== undefined) steps.push(`as:${asType}`)
    else if (resolved !== undefined) steps.push(`is:${resolved}`)
    else if (key !== undefined) steps.push(`where:${key}=${value}`)
    else steps.push(name ?? '')
    rest = rest.slice(all.length)
  }
  return steps
}

interface Cursor {
  readonly at: readonly string[]
  readonly type: string
  readonly choice?: string
  readonly system?: string
  readonly where?: SearchPath['where']
  readonly resolves?: string
}

function resolve(steps: readonly string[], owner: string, types: Types, systemOf: (valueSet: string) => string | undefined): SearchPath[] {
  let cursors: Cursor[] = [{ at: [], type: owner }]
  for (const step of steps) {
    const [operator = '', argument = ''] = step.includes(':') ? [step.slice(0, step.indexOf(':')), step.slice(step.indexOf(':') + 1)] : ['', '']
    if (operator === 'as') {
      cursors = cursors.filter((cursor) => cursor.type === argument)
    } else if (operator === 'is') {
      cursors = cursors.map((cursor) => ({ ...cursor, resolves: argument }))
    } else if (operator === 'where') {
      const [key = '', equals = ''] = argument.split('=')
      cursors = cursors.map((cursor) => ({ ...cursor, where: { depth: cursor.at.length, key, equals } }))
    } else {
      cursors = cursors.flatMap((cursor) => stepInto(cursor, step, types, systemOf))
    }
  }
  return cursors.map(({ at, type, where, resolves, system }) => ({
    at,
    leaf: type,
    ...(where ? { where } : {}),
    ...(resolves ? { resolves } : {}),
    ...(system ? { system } : {}),
  }))
}

function stepInto(cursor: Cursor, name: string, types: Types, systemOf: (valueSet: string) => string | undefined): Cursor[] {
  const elements = types[cursor.type]?.elements ?? {}
  const plain = elements[name]
  const kept = cursor.where ? { where: cursor.where } : {}
  if (plain) {
    const type = (plain.types[0] ?? '').split(':')[0] ?? ''
    const system = type === 'code' && plain.binding ? systemOf(plain.binding) : undefined
    return [{ ...kept, at: [...cursor.at, name], type, ...(system ? { system } : {}) }]
  }
  return (elements[`${name}[x]`]?.types ?? []).map((declared) => {
    const type = declared.split(':')[0] ?? ''
    return { ...kept, at: [...cursor.at, name + type.charAt(0).toUpperCase() + type.slice(1)], type }
  })
}
