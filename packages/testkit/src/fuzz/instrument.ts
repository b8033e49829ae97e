/** A node of an ESTree program: whatever else it has, where it stands in the text (UTF-16 units). */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [part: string]: unknown
}

export interface Instrumented {
  readonly source: string
  /** How many counters were put in. */
  readonly counters: number
  /** Where the branch of each counter stands in the program's text (UTF-16 units). */
  readonly places: readonly number[]
  /** Texts and whole numbers that stand in the program: what its comparisons may ask for. */
  readonly literals: readonly (string | number)[]
}

/** What the program calls the counters: a `Uint8Array` on `globalThis`. */
export const COUNTERS = '__chironCounters'

/**
 * Puts a counter into every branch of a program: functions, both ways of an `if` (also where there is no `else`), loops,
 * cases, `catch`, both arms of `?:`, and the right side of `&&`, `||`, `??`. The program does what it did, on the same
 * lines. TypeScript may stay in it: only the text of JavaScript is added.
 * @param first number of the first counter
 */
export function instrument(source: string, program: SyntaxNode, first: number): Instrumented {
  const opens: Insertion[] = []
  const closes: Insertion[] = []
  const literals = new Set<string | number>()
  const places: number[] = []
  const count = (at: number): string => `${COUNTERS}[${first + places.push(at) - 1}]++`
  const wrapExpression = (node: SyntaxNode): void => {
    opens.push({ at: node.start, text: `(${count(node.start)},(` })
    visit(node)
    closes.push({ at: node.end, text: '))' })
  }
  const wrapStatement = (node: SyntaxNode): void => {
    const isBlock = node.type === 'BlockStatement'
    opens.push(isBlock ? { at: node.start + 1, text: `${count(node.start)};` } : { at: node.start, text: `{${count(node.start)};` })
    visit(node)
    if (!isBlock) closes.push({ at: node.end, text: '}' })
  }
  const branches: Readonly<Record<string, (node: SyntaxNode) => readonly SyntaxNode[]>> = {
    IfStatement: (node) => {
      visit(node['test'] as SyntaxNode)
      wrapStatement(node['consequent'] as SyntaxNode)
      if (node['alternate']) wrapStatement(node['alternate'] as SyntaxNode)
      else closes.push({ at: node.end, text: `else{${count(node.end)}}` })
      return []
    },
    ConditionalExpression: (node) => {
      visit(node['test'] as SyntaxNode)
      wrapExpression(node['consequent'] as SyntaxNode)
      wrapExpression(node['alternate'] as SyntaxNode)
      return []
    },
    LogicalExpression: (node) => {
      visit(node['left'] as SyntaxNode)
      wrapExpression(node['right'] as SyntaxNode)
      return []
    },
    SwitchCase: (node) => {
      const [begin] = node['consequent'] as SyntaxNode[]
      if (begin !== undefined) opens.push({ at: begin.start, text: `${count(begin.start)};` })
      return childrenOf(node)
    },
    Literal: (node) => {
      const { value } = node
      if ((typeof value === 'string' && value.length > 0 && value.length <= 48) || (typeof value === 'number' && Number.isInteger(value))) literals.add(value)
      return []
    },
    ImportDeclaration: () => [],
  }
  const visit = (node: SyntaxNode): void => {
    const branch = branches[node.type]
    const children = branch === undefined ? childrenOf(node) : branch(node)
    for (const child of children) {
      if (child !== node['body'] || !WITH_BODY.test(node.type)) visit(child)
      else if (child.type.endsWith('Statement')) wrapStatement(child)
      else wrapExpression(child)
    }
  }
  visit(program)
  return { source: insert(source, opens, closes), counters: places.length, places, literals: [...literals] }
}

const WITH_BODY = /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|For\w*Statement|WhileStatement|DoWhileStatement|CatchClause)$/

interface Insertion {
  readonly at: number
  readonly text: string
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node).flatMap((part) => (Array.isArray(part) ? (part as unknown[]) : [part])).filter(isNode)
}

function isNode(part: unknown): part is SyntaxNode {
  return typeof part === 'object' && part !== null && typeof (part as Record<string, unknown>)['type'] === 'string'
}

/** Where several stand at one place: what closes comes first, then what opens, each as it was given. */
function insert(source: string, opens: readonly Insertion[], closes: readonly Insertion[]): string {
  let text = ''
  let last = 0
  for (const { at, text: inserted } of [...closes, ...opens].sort((a, b) => a.at - b.at)) {
    text += source.slice(last, at) + inserted
    last = at
  }
  return text + source.slice(last)
}
