import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../tasks/process.ts'
import { TOOLS, type ExternalTool, type Step, type ToolName } from './tools.ts'

/** Either the tool's program, or why it is not to be had here and what would help. */
export type Found = { readonly program: string } | { readonly missing: string }

/**
 * Finds a tool under `.tools/`, or installs its pinned version there (once; a minute at most on an ordinary line). Never
 * throws: what cannot be installed is said in `missing`, for the test that then skips.
 */
export async function ensureTool(name: ToolName): Promise<Found> {
  const tool = TOOLS[name]
  const folder = join(root, '.tools', `${tool.name}-${tool.version}-${fingerprint(tool)}`)
  const program = join(folder, tool.program)
  if (existsSync(join(folder, '.installed'))) return { program }
  if (spawnSync(tool.needs, ['--version']).error !== undefined && spawnSync(tool.needs, ['version']).error !== undefined) {
    return { missing: `${tool.name} ${tool.version} is installed by ${tool.needs}, which is not on the PATH` }
  }
  return install(tool, folder, program)
}

async function install(tool: ExternalTool, folder: string, program: string): Promise<Found> {
  mkdirSync(dirname(folder), { recursive: true })
  rmSync(folder, { recursive: true, force: true })
  for (const step of tool.install(folder)) {
    const failed = await run(step)
    if (failed !== undefined) return { missing: `${tool.name} ${tool.version} could not be installed: ${failed}` }
  }
  if (!existsSync(program)) return { missing: `${tool.name} ${tool.version} was installed without ${tool.program}` }
  writeFileSync(join(folder, '.installing'), '')
  renameSync(join(folder, '.installing'), join(folder, '.installed'))
  return { program }
}

/** Undefined when it went well, else the last thing it said. */
function run({ command, args, env = {} }: Step): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env }, timeout: 300_000 })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-500)))
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(code === 0 ? undefined : `${command} ended with code ${code}: ${said.trim().split('\n').at(-1) ?? ''}`))
  })
}

/** Changes when what is installed would: the recipe, and the files it names. */
function fingerprint(tool: ExternalTool): string {
  const steps = tool.install('FOLDER')
  const hash = createHash('sha256').update(JSON.stringify(steps))
  for (const arg of steps.flatMap((step) => step.args)) if (arg.endsWith('.txt')) hash.update(readFileSync(join(root, arg)))
  return hash.digest('hex').slice(0, 8)
}
