import { execFile, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The TypeScript of Markdown pages, as a reader would paste it. A page says on the fence's line what is special:
 *
 * - three backticks and `ts`: a module of its own, type-checked and run;
 * - `ts continued`: goes on where the page's previous block ended, as if both were one module;
 * - `ts no-run`: type-checked only. The line before says why: `<!-- not run: it needs an account -->`.
 */
export interface Snippet {
  /** The page, and the line of the page that the block begins in. */
  readonly page: string
  readonly line: number
  /** At the same lines as in the page, so that an error's line is the page's. */
  readonly code: string
  /** Why it is not run. */
  readonly notRun: string | undefined
}

const root = fileURLToPath(new URL('../..', import.meta.url))

const FENCE = /^( {0,3})(`{3,}|~{3,})\s*([^`\s]*)\s*([^`]*)$/
const REASON = /^<!-- not run: (.+) -->$/

/** The blocks of a page. Throws for one that would otherwise go unchecked without a word. */
export function snippetsIn(page: string, markdown: string): Snippet[] {
  const lines = markdown.split(/\r?\n/)
  const snippets: Snippet[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', fence, language, mark = ''] = FENCE.exec(lines[at] ?? '') ?? []
    if (fence === undefined) continue
    const place = `${page}:${at + 1}`
    const first = at + 1
    const end = lines.findIndex((line, i) => i >= first && line.trim().startsWith(fence))
    if (end < 0) throw new Error(`${place}: the block is not closed`)
    at = end
    if (/^(typescript|tsx|js|jsx|javascript|mjs)$/.test(language ?? '')) {
      throw new Error(`${place}: only blocks of "ts" are run, so write this one in it`)
    }
    if (language !== 'ts') continue
    const body = lines.slice(first, end).map((line) => line.replace(new RegExp(`^${indent}`), ''))
    const code = '\n'.repeat(first) + body.join('\n')
    const reason = REASON.exec(lines[first - 2] ?? '')?.[1]
    const previous = snippets.at(-1)
    switch (mark.trim()) {
      case '':
        snippets.push({ page, line: first, code, notRun: undefined })
        break
      case 'no-run':
        if (!reason) throw new Error(`${place}: the line before must be <!-- not run: reason -->`)
        snippets.push({ page, line: first, code, notRun: reason })
        break
      case 'continued': {
        if (!previous) throw new Error(`${place}: there is no block to continue`)
        const gap = '\n'.repeat(first - previous.code.split('\n').length + 1)
        snippets[snippets.length - 1] = { ...previous, code: previous.code + gap + body.join('\n') }
        break
      }
      default:
        throw new Error(`${place}: "ts ${mark.trim()}" is none of ts, ts continued, ts no-run`)
    }
  }
  return snippets
}

export interface Run {
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

/** A reader's project: a folder elsewhere, where `sluice` and what it is developed with are installed. */
export interface ReaderProject extends AsyncDisposable {
  /** What the compiler says, with the pages' names and lines; empty when all is well. */
  typeCheck(): string
  run(snippet: Snippet, env: Readonly<Record<string, string>>): Promise<Run>
}

export async function readerProject(snippets: readonly Snippet[]): Promise<ReaderProject> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-docs-'))
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
    await install(folder, name, join(root, 'node_modules', name))
  }
  await install(folder, 'sluice', root)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const options = {
    extends: join(root, 'tsconfig.user.json'),
    compilerOptions: {
      composite: false,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: ['*.ts'],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options))
  for (const snippet of snippets) await writeFile(join(folder, fileOf(snippet)), snippet.code)

  return {
    typeCheck() {
      const compiler = join(root, 'node_modules/@typescript/native/bin/tsc')
      const done = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
        encoding: 'utf8',
        cwd: folder,
      })
      return done.stdout + done.stderr
    },
    run: (snippet, env) =>
      new Promise((resolve) => {
        const options = {
          cwd: folder,
          timeout: 60_000,
          env: { PATH: process.env.PATH ?? '', ...env },
        }
        execFile(process.execPath, [fileOf(snippet)], options, (error, stdout, stderr) => {
          resolve({ status: error ? (error.code ?? error.message) : 0, stdout, stderr })
        })
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

function fileOf({ page, line }: Snippet): string {
  return `${page.replaceAll(/[^A-Za-z0-9]+/g, '-')}-${line}.ts`
}

async function install(folder: string, name: string, target: string): Promise<void> {
  const link = join(folder, 'node_modules', name)
  await mkdir(dirname(link), { recursive: true })
  await symlink(target, link, 'junction')
}
