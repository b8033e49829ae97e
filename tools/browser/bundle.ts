import { gzipSync } from 'node:zlib'
import { rolldown, type Plugin } from 'rolldown'

/** One file of JavaScript for browsers, and what went into it. */
export interface BrowserBundle {
  readonly code: string
  /** Paths of all modules. */
  readonly modules: readonly string[]
  /** What it would still import when it runs: none, or it does not run in a browser. */
  readonly imports: readonly string[]
  readonly bytes: number
  readonly gzipBytes: number
}

/** `crypto` of old Nodes, which these ask for where there is no Web Crypto: in a browser there is, and it is never loaded. */
const UNREACHED = /node_modules\/(@hpke\/common|mlkem)\//
const EMPTY = '\0empty'

/** Bundles a module and all it needs, minified, as a browser loads it. */
export async function bundleForBrowser(entry: string): Promise<BrowserBundle> {
  const withoutOldNodes: Plugin = {
    name: 'without-old-nodes',
    resolveId: (source, importer) => (source === 'crypto' && UNREACHED.test(importer ?? '') ? EMPTY : null),
    load: (id) => (id === EMPTY ? 'export const webcrypto = undefined' : null),
  }
  const build = await rolldown({ input: entry, platform: 'browser', external: /^node:/, logLevel: 'silent', treeshake: true, plugins: [withoutOldNodes] })
  try {
    const { output } = await build.generate({ format: 'esm', minify: true, codeSplitting: false })
    const [main] = output
    const imports = [...main.imports, ...main.dynamicImports].filter((name) => name !== main.fileName)
    return { code: main.code, modules: main.moduleIds, imports, bytes: Buffer.byteLength(main.code), gzipBytes: gzipSync(main.code).length }
  } finally {
    await build.close()
  }
}
