import { parse, type TNode } from 'txml/txml'

/** An element of a parsed document. Names are as written; S3 uses no prefixes. */
export interface XmlElement {
  readonly name: string
  /** The first child element of that name. */
  child(name: string): XmlElement | undefined
  children(name: string): readonly XmlElement[]
  /** The text of the first child element of that name, white space and all; `undefined` when there is none. */
  text(name: string): string | undefined
  /** For `contentOf`. */
  readonly node: TNode
}

/**
 * Parses a whole document; `undefined` when the text is none.
 *
 * txml is the smallest parser that needs no DOM, and it takes whatever it gets: a document that was cut short passes.
 * So the closing tag of the root is demanded here: no runtime tells reliably that a chunked body ended early, and a
 * listing or a completion that lost its end would be believed. A prefix of a document never ends in that tag, since
 * S3's root elements do not nest. A strict parser would weigh more than twice as much and refuse what AWS itself
 * sends: character references such as `&#x1;`, which XML 1.0 forbids.
 */
export function parseXml(text: string): XmlElement | undefined {
  let nodes: (TNode | string)[]
  try {
    nodes = parse(text, {
      keepWhitespace: true,
      decodeEntities: true,
      skipXmlDeclaration: true,
      // Names that HTML never closes are ordinary here.
      selfClosingTags: [],
    }) as (TNode | string)[]
  } catch {
    // A stray closing tag, or nesting deeper than the stack.
    return undefined
  }
  const roots = nodes.filter((node) => typeof node !== 'string' || node.trim() !== '')
  const root = roots[0]
  if (roots.length !== 1 || typeof root !== 'object') return undefined
  const end = text.trimEnd()
  const empty = root.children.length === 0 && end.endsWith('/>')
  return empty || end.endsWith(`</${root.tagName}>`) ? elementOf(root) : undefined
}

function elementOf(node: TNode): XmlElement {
  const named = (name: string): TNode[] =>
    node.children.filter(
      (child): child is TNode => typeof child === 'object' && child.tagName === name,
    )
  return {
    node,
    name: node.tagName,
    children: (name) => named(name).map(elementOf),
    child: (name) => named(name).map(elementOf)[0],
    text: (name) =>
      named(name)[0]
        ?.children.filter((child) => typeof child === 'string')
        .join(''),
  }
}

/** An element to be written: its content is text, or elements. A content of `undefined` leaves it out. */
export type XmlContent = string | number | boolean | readonly XmlPart[] | undefined
export type XmlPart = readonly [name: string, content: XmlContent]

/** What an element holds, to be written again: all but attributes, and text between elements, which in S3's documents is white space. */
export function contentOf({ node }: Pick<XmlElement, 'node'>): string | readonly XmlPart[] {
  const elements = node.children.filter((child) => typeof child === 'object')
  if (elements.length === 0) return node.children.join('')
  return elements.map((child) => [child.tagName, contentOf({ node: child })])
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** A whole document, escaped. Errors' documents have no namespace. */
export function writeXml(root: string, content: XmlContent, namespace = true): string {
  const open = namespace ? `<${root} xmlns="${NAMESPACE}">` : `<${root}>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open}${writeContent(content)}</${root}>`
}

/** The same without a document around it. */
export function writeContent(content: XmlContent = ''): string {
  if (typeof content !== 'object') return escapeText(String(content))
  return content
    .map(([name, inner]) =>
      inner === undefined ? '' : `<${name}>${writeContent(inner)}</${name}>`,
    )
    .join('')
}

/**
 * White space is written as references, because a parser may normalise a bare carriage return; and so are the
 * characters that XML 1.0 cannot hold, as AWS does: the reader may be lenient, and dropping them would name another key.
 */
function escapeText(text: string): string {
  return text.replace(
    UNSAFE,
    (character) => NAMED[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`,
  )
}

/** By name, where there is one: DuckDB knows the quotes around an ETag by no other. */
const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const UNSAFE = /[&<>"'\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g

/** Whether every XML 1.0 reader gives this text back. @see https://www.w3.org/TR/xml/#charsets */
export function fitsXml(text: string): boolean {
  return !UNFIT.test(text)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const UNFIT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u
