import { pathToFileURL } from 'node:url'
import { hasPackage, inPackage, runNode } from './process.ts'

/** Lints the whole clone; the exit code. Rules that need types run when `oxlint-tsgolint` is installed. */
export async function lint(args: readonly string[] = []): Promise<number> {
  const typeAware = hasPackage('oxlint-tsgolint')
  if (!typeAware) process.stderr.write('lint: oxlint-tsgolint is not installed; rules that need types are not checked\n')
  return runNode([inPackage('oxlint', 'bin/oxlint'), ...(typeAware ? ['--type-aware'] : []), '--report-unused-disable-directives', ...args])
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = await lint(process.argv.slice(2))
