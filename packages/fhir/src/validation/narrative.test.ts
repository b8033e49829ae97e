import { describe, expect, it } from 'vitest'
import { isSafeNarrative } from './narrative.ts'

const div = (inner: string): string => `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>`

describe('isSafeNarrative', () => {
  it.each([
    'a',
    '<p>a <b>b</b></p>',
    '<br/>',
    '<!-- c --><table border="1"><tr><td>1 &lt; 2</td></tr></table>',
    '<a href="#x">x</a>',
    '<img src="data:image/png;base64,AA==" alt="x"/>',
    '<a href="https://e.org/?a=1&amp;b=2">x</a>',
  ])('allows %s', (inner) => {
    expect(isSafeNarrative(div(inner))).toBe(true)
  })

  it.each([
    '<script>1</script>',
    '<p onclick="x()">a</p>',
    '<a href="javascript:x()">a</a>',
    '<a href=" JaVaScRiPt:x()">a</a>',
    '<a href="java&#115;cript:x()">a</a>',
    '<a href="java\tscript:x()">a</a>',
    '<iframe src="https://e.org"></iframe>',
    '<img src="data:text/html,x"/>',
    '<p style="background:url(https://e.org)">a</p>',
    '<form action="x"></form>',
    '<p>a',
    '<p><b></p></b>',
    '<p a=b>a</p>',
    '<svg></svg>',
    '<a href="vbscript:x">a</a>',
  ])('refuses %s', (inner) => {
    expect(isSafeNarrative(div(inner))).toBe(false)
  })

  it.each(['', 'text', '<p>a</p>', '<div>a</div><div>b</div>', 'a<div></div>'])('refuses %s as a whole', (text) => {
    expect(isSafeNarrative(text)).toBe(false)
  })

  it.each([
    ['an address', (filler: string) => `<a href="${filler}">a</a>`],
    ['an image', (filler: string) => `<img src="${filler}"/>`],
    ['spaces in an address', (filler: string) => `<a href="${' '.repeat(filler.length)}">a</a>`],
    ['a style', (filler: string) => `<p style="${filler}">a</p>`],
    ['a name of an attribute', (filler: string) => `<p ${filler}>a</p>`],
    ['many attributes', (filler: string) => `<p${' a=""'.repeat(filler.length / 5)}>a</p>`],
    ['spaces in a tag', (filler: string) => `<p${' '.repeat(filler.length)}`],
  ])('takes time in proportion to its length: %s', (_name, inner) => {
    const before = process.cpuUsage()
    isSafeNarrative(div(inner('a'.repeat(1_000_000))))
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1e6).toBeLessThan(5)
  })
})
