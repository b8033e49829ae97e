import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { printResult } from '../io.ts'
import { describeCommand, jsonOption, patientOption } from '../options.ts'
import { formatTable } from '../table.ts'

interface Options {
  readonly patient: string
  readonly json?: boolean
}

/** `chiron audit`: the patient's list. */
export function addAudit(program: Command, context: CommandContext): void {
  describeCommand(program.command('audit'), "everything that happened to a patient's records, newest first", [
    'audit --patient ID',
    'audit --patient ID --json > audit.json',
    'verify audit.json',
  ])
    .addOption(patientOption())
    .addOption(jsonOption())
    .action((options: Options) => audit(context, options))
}

async function audit({ io, client }: CommandContext, options: Options): Promise<void> {
  const { rows } = await client.call('audit', { patient: options.patient })
  printResult(io, options, rows, () =>
    formatTable(['WHEN', 'WHO', 'ORGANISATION', 'WHAT', 'PURPOSE', 'RULE'], rows.map((row) => [row.when, row.who, row.organisation, row.what, row.purpose, row.rule])),
  )
}
