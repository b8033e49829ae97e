import { basename } from 'node:path'
import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { importDocuments, importOrder } from '../import-documents.ts'
import { printResult, say } from '../io.ts'
import { describeCommand, jsonOption, organisationOption } from '../options.ts'
import { createProgress, type Progress } from '../progress.ts'
import { visible } from '../table.ts'

interface Options {
  readonly org?: string
  readonly json?: boolean
}

interface ImportedFile {
  readonly file: string
  /** `skipped`: the node had all of it. `failed`: not all of it was taken. */
  readonly status: 'imported' | 'skipped' | 'failed'
  /** Written now, also where others of the file were refused. */
  readonly resources: number
  readonly patients: readonly string[]
  /** Why all of it, or which of its entries, were refused. */
  readonly reasons: readonly string[]
}

/** `chiron import FILES…`: FHIR bundles or NDJSON. */
export function addImport(program: Command, context: CommandContext): void {
  describeCommand(program.command('import'), 'load FHIR bundles or NDJSON, gzipped or not; repeat it to resume, nothing is loaded twice', [
    'import examples/patients/*.json.gz',
    'import --org lakeside bundle.json Observation.ndjson.gz',
  ])
    .argument('<files...>', 'files; those that others refer to are loaded first')
    .addOption(organisationOption())
    .addOption(jsonOption())
    .action((files: string[], options: Options) => importFiles(context, files, options))
}

async function importFiles(context: CommandContext, files: readonly string[], options: Options): Promise<void> {
  const progress = createProgress(context.io)
  const results: ImportedFile[] = []
  try {
    for (const file of importOrder(files)) {
      const result = await importFile(context, file, options.org, progress)
      results.push(result)
    }
  } finally {
    progress.end()
  }
  for (const { file, reasons } of results) for (const reason of reasons) say(context.io, `${file}: ${visible(reason)}`)
  const count = (status: ImportedFile['status']): number => results.filter((result) => result.status === status).length
  const resources = results.reduce((sum, result) => sum + (result.resources), 0)
  const summary = { imported: count('imported'), skipped: count('skipped'), failed: count('failed'), resources, files: results }
  printResult(context.io, options, summary, () => `${summary.imported} imported (${resources} resources), ${summary.skipped} skipped, ${summary.failed} failed`)
  if (summary.failed > 0) throw new CliError('ERR_CLI_REFUSED', `${summary.failed} of ${results.length} files failed, see above; repeat the command once they are in order, the others are skipped`)
}

/** A refused file, or a refused line of one, does not keep the others out; a node that is gone does. */
async function importFile(context: CommandContext, file: string, organisation: string | undefined, progress: Progress): Promise<ImportedFile> {
  const name = basename(file)
  let resources = 0
  let skipped = 0
  let parts = 0
  const patients = new Set<string>()
  const reasons: string[] = []
  try {
    for await (const { content, before } of importDocuments(file)) {
      const done = await context.client.import(organisation, content, (event) => {
        if (event.type === 'progress') progress.update(name, before + event.done, before + event.total)
      })
      parts += 1
      if (done.status === 'skipped') skipped += 1
      else resources += done.resources
      for (const patient of done.patients) patients.add(patient)
      for (const { entry, type, reason } of done.refused) reasons.push(`entry ${before + entry}${type === null ? '' : ` (${type})`}: ${reason}`)
    }
  } catch (error) {
    if (!(error instanceof CliError) || (error.code !== 'ERR_CLI_REFUSED' && error.code !== 'ERR_CLI_FILE')) throw error
    reasons.push(error.message)
  }
  const status = reasons.length > 0 ? 'failed' : parts > 0 && parts === skipped ? 'skipped' : 'imported'
  return { file, status, resources, patients: [...patients], reasons }
}
