import { expect, test } from 'vitest'
import { GroupCommit } from './group-commit.ts'

/** Jobs are numbers that are their own weight; each commit ends when it is told to. */
function manual(maxWeight: number) {
  const groups: (readonly number[])[] = []
  const ends: ((outcomes?: readonly PromiseSettledResult<string>[]) => void)[] = []
  const alarms: (() => void)[] = []
  const commits = new GroupCommit<number, string>(
    { weightOf: (job) => job, maxWeight, companyMs: 5 },
    async (jobs) => {
      groups.push(jobs)
      return await new Promise((resolve) => ends.push((outcomes) => resolve(outcomes ?? jobs.map((job) => ({ status: 'fulfilled', value: `done ${job}` })))))
    },
    (_ms, alarm) => void alarms.push(alarm),
  )
  return { commits, groups, ends, alarms }
}

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve))

test('what comes while a group is under way goes together in the next, in order', async () => {
  const { commits, groups, ends, alarms } = manual(10)
  const first = commits.add(1)
  await turn()
  expect(alarms, 'who is alone does not wait').toEqual([])
  const others = [commits.add(2), commits.add(3), commits.add(4)]
  await turn()
  expect(groups).toEqual([[1]])
  ends[0]?.()
  expect(await first).toBe('done 1')
  await turn()
  alarms[0]?.()
  await turn()
  expect(groups).toEqual([[1], [2, 3, 4]])
  ends[1]?.()
  expect(await Promise.all(others)).toEqual(['done 2', 'done 3', 'done 4'])
})

test('no group is heavier than allowed, and what is heavy by itself waits for nobody', async () => {
  const { commits, groups, ends, alarms } = manual(10)
  void commits.add(1)
  await turn()
  void commits.add(6)
  void commits.add(5)
  void commits.add(5)
  void commits.add(10)
  await turn()
  expect(groups).toEqual([[1], [10]])
  ends[0]?.()
  await turn()
  alarms[0]?.()
  await turn()
  ends[2]?.()
  await turn()
  alarms[1]?.()
  await turn()
  expect(groups).toEqual([[1], [10], [6], [5, 5]])
})

test('each job ends as its commit says; a commit that fails fails all of its group and none after it', async () => {
  const outcomes: PromiseSettledResult<string>[] = [{ status: 'fulfilled', value: 'good' }, { status: 'rejected', reason: new RangeError('bad') }]
  let calls = 0
  const commits = new GroupCommit<number, string>({ weightOf: () => 1, maxWeight: 10, companyMs: 0 }, async (jobs) => {
    calls++
    if (calls === 1) return await Promise.resolve(outcomes)
    if (calls === 2) throw new TypeError('disk')
    return jobs.map(() => ({ status: 'fulfilled', value: 'again' }))
  }, (_ms, alarm) => void setImmediate(alarm))
  expect(await Promise.allSettled([commits.add(1), commits.add(2)])).toEqual(outcomes)
  const failed = await Promise.allSettled([commits.add(1), commits.add(2)])
  expect(failed.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected'])
  expect(await commits.add(1)).toBe('again')
})

test('a group waits for those whom the one before answered, until they are there or their time is over', async () => {
  const { commits, groups, ends, alarms } = manual(10)
  void commits.add(1)
  void commits.add(2)
  await turn()
  void commits.add(3)
  ends[0]?.()
  await turn()
  expect(groups).toEqual([[1, 2]])
  void commits.add(1)
  await turn()
  expect(groups).toEqual([[1, 2]])
  void commits.add(2)
  await turn()
  expect(groups).toEqual([[1, 2], [3, 1, 2]])
  ends[1]?.()
  await turn()
  void commits.add(1)
  await turn()
  expect(groups.length).toBe(2)
  alarms.at(-1)?.()
  await turn()
  expect(groups.at(-1)).toEqual([1])
})
