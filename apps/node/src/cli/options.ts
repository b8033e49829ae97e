import { InvalidArgumentError, Option, type Command } from 'commander'
import * as v from 'valibot'
import { action, CATEGORIES, LABELS, role, schema } from '@chiron/protocol'
import { hashText, isoDay, objectIdText, patientId, recordReference, txIdText, userName, type GranteeNames } from '../control/api.ts'
import { parseDuration } from './duration.ts'
import { CliError } from './errors.ts'

type Parser<T> = (text: string) => T

/** A parser that refuses what the schema refuses, with a sentence that says what was expected. */
function checked<T>(shape: v.GenericSchema<unknown, T>, expected: string): Parser<T> {
  return (text) => {
    const parsed = v.safeParse(shape, text)
    if (!parsed.success) throw new InvalidArgumentError(`Expected ${expected}.`)
    return parsed.output
  }
}

/** A parser for an option that may be given several times. */
function repeated<T>(parse: Parser<T>): (text: string, previous: readonly T[]) => readonly T[] {
  return (text, previous) => [...previous, parse(text)]
}

/** Turns the sentence of a CliError into commander's own refusal, which names the option. */
function asArgument<T>(parse: Parser<T>): Parser<T> {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      throw error instanceof CliError ? new InvalidArgumentError(`${error.message}.`) : error
    }
  }
}

export const parseObjectId: Parser<string> = checked(objectIdText, '32 hexadecimal digits, as another command printed them')
export const parseTxId: Parser<string> = checked(txIdText, 'the id of a transaction, 64 hexadecimal digits')
export const parsePatientId: Parser<string> = checked(patientId, 'the id of a FHIR Patient')
export const parseMember: Parser<string> = checked(schema.memberName, 'the name of a member, such as lakeside')
export const parseUser: Parser<string> = checked(userName, 'the name of a user, such as physician')
export const parsePurpose: Parser<string> = checked(schema.purpose, 'a code of HL7 PurposeOfUse, such as TREAT')
const parseCategory = checked(v.picklist(CATEGORIES), `one of ${CATEGORIES.join(', ')}`)
const parseLabel = checked(v.picklist(LABELS), `one of ${LABELS.join(', ')}`)
const parseAction = checked(action, `one of ${action.options.join(', ')}`)
export const parseDay: Parser<string> = checked(isoDay, 'a day such as 2024-12-31')
export const parseHash: Parser<string> = checked(hashText, 'a SHA-256 in 64 hexadecimal digits')
const parseCountry = checked(schema.jurisdiction, 'a country in two capitals, such as DE')
const parseObligation = checked(schema.obligation, 'a code of HL7 ObligationPolicy or RefrainPolicy, such as NORDSCLW')
export const parseRecord: Parser<string> = checked(recordReference, 'a resource, such as Observation/123')

const EXPECTED_GRANTEE = 'Expected a member such as lakeside, a user such as lakeside/physician, role:nurse or role:nurse@lakeside, anyone-treating, or anyone.'

/** `lakeside`, `lakeside/physician`, `role:physician`, `role:physician@lakeside`, `anyone-treating` or `anyone`. */
export const parseGrantee: Parser<GranteeNames> = (text) => {
  if (text === 'anyone-treating' || text === 'anyone') return { kind: text }
  if (text.startsWith('role:')) {
    const [name = '', member, ...more] = text.slice('role:'.length).split('@')
    if (more.length > 0) throw new InvalidArgumentError(EXPECTED_GRANTEE)
    const named = checked(role, `one of ${role.options.join(', ')} after role:`)(name)
    return { kind: 'role', role: named, ...(member === undefined ? {} : { organisation: parseMember(member) }) }
  }
  const [member = '', user, ...rest] = text.split('/')
  if (rest.length > 0) throw new InvalidArgumentError(EXPECTED_GRANTEE)
  const organisation = parseMember(member)
  return user === undefined ? { kind: 'organisation', organisation } : { kind: 'person', organisation, user: parseUser(user) }
}

/** `--json` of every command. */
export const jsonOption = (): Option => new Option('--json', 'print the result as JSON')

export const patientOption = (): Option => new Option('--patient <id>', 'FHIR id of the patient').argParser(parsePatientId).makeOptionMandatory()
export const organisationOption = (): Option => new Option('--org <name>', 'member organisation').argParser(parseMember)
export const userOption = (): Option => new Option('--user <name>', 'user of the organisation').argParser(parseUser)
export const durationOption = (): Option => new Option('--for <duration>', 'how long, ISO 8601, such as P1D or PT12H').argParser(asArgument(parseDuration))
export const purposesOption = (): Option =>
  new Option('--purpose <code>', 'purpose of use; may be repeated').argParser(repeated(parsePurpose)).default([], 'any')
export const categoriesOption = (): Option =>
  new Option('--category <name>', 'category of records; may be repeated').argParser(repeated(parseCategory)).default([], 'all')
export const labelsOption = (): Option =>
  new Option('--label <name>', 'sensitivity label to include; may be repeated').argParser(repeated(parseLabel)).default([], 'none')
export const actionsOption = (): Option =>
  new Option('--action <name>', 'action; may be repeated').argParser(repeated(parseAction)).default([], 'read')
export const recordsOption = (): Option =>
  new Option('--record <reference>', 'single record, Type/id; may be repeated').argParser(repeated(parseRecord)).default([], 'all')

export const countriesOption = (flag: string, description: string): Option => new Option(`${flag} <country>`, `${description}, ISO 3166-1, such as DE; may be repeated`).argParser(repeated(parseCountry)).default([], 'any')
export const obligationsOption = (): Option =>
  new Option('--obligation <code>', 'what binds whoever reads, such as NORDSCLW; may be repeated').argParser(repeated(parseObligation)).default([], 'none')

/** Starts a command whose help begins with examples. */
export function describeCommand(command: Command, description: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ chiron ${example}`).join('\n')
  return command.description(description).addHelpText('before', `Examples:\n${lines}\n`)
}
