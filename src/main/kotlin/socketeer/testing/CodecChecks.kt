package socketeer.testing

import kotlinx.io.bytestring.ByteString
import socketeer.Codec
import socketeer.Frames
import socketeer.Output
import socketeer.SocketeerException
import socketeer.TooLargeException
import kotlin.random.Random

/** Tries [law] on [cases] trials; the first that breaks it is shrunk. */
internal fun <T : Any> checkLaw(
    law: CodecLaw,
    codec: Codec<T>,
    values: Values<T>,
    claims: Claims<T>,
    cases: Int,
    seed: Long,
): LawResult {
    if (law == CodecLaw.CONFIGURATION) return configuration(claims)
    val check = CodecCheck(codec, claims)
    val random = Random(seed xor law.ordinal.toLong())
    if (law == CodecLaw.EXACT_LIMITS || law == CodecLaw.ERRORS_END) {
        check.atLimit(law, random)?.let { return LawResult(law, 1, it) }
    }
    // A trial of the law of linear work feeds long frames byte by byte: a quarter as many take as long as the others.
    val trials = if (law == CodecLaw.LINEAR_WORK) maxOf(1, cases / 4) else cases
    var accepted = 0
    for (n in 1..trials) {
        val trial = check.trial(law, values, random)
        if (trial.frames.isNotEmpty()) accepted++
        val first = if (trial.frames.isEmpty()) null else check.verdict(law, trial)
        if (first == null) continue
        val small = shrink(trial) { check.allows(law, it) && check.verdict(law, it) != null }
        // A codec that keeps state between streams may behave now: then what was seen first has to do.
        return LawResult(law, n, check.verdict(law, small) ?: first)
    }
    return LawResult(
        law,
        accepted,
        if (accepted >
            0
        ) {
            null
        } else {
            "  none of the values is encoded so that it can be decoded"
        },
    )
}

private const val MAX_SHRINKS = 5_000

private fun <T : Any> shrink(trial: CodecTrial<T>, fails: (CodecTrial<T>) -> Boolean): CodecTrial<T> {
    var smallest = trial
    var left = MAX_SHRINKS
    while (true) smallest = smallest.smaller().firstOrNull { left-- > 0 && fails(it) } ?: return smallest
}

private class CodecCheck<T : Any>(private val codec: Codec<T>, private val claims: Claims<T>) {
    fun trial(law: CodecLaw, values: Values<T>, random: Random): CodecTrial<T> {
        val one = codec.untilEnd || law in ONE_FRAME
        val candidates = List(
            if (law ==
                CodecLaw.LINEAR_WORK
            ) {
                FEW
            } else if (one) {
                1
            } else {
                1 + random.nextInt(FEW)
            },
        ) { values.next(random) }
        val accepted = if (law == CodecLaw.REFUSED_ALIKE) candidates else candidates.filter { exact(it.value) }
        val frames = if (law == CodecLaw.LINEAR_WORK) accepted.takeLongest() else accepted
        val edits = if (law in EDITED) edits(random) else emptyList()
        val tail = if (law == CodecLaw.NO_OVER_READ) bytes(random, MANY) + 0 else ByteArray(0)
        val trial = CodecTrial(frames, edits, tail)
        if (law == CodecLaw.REFUSED_ALIKE) return trial
        return CodecTrial(frames, edits, tail, cuts(random, trial.bytes(codec).size))
    }

    /** True if [law] may be tried on [trial]: shrinking mustn't turn one law's counterexample into another's. */
    fun allows(law: CodecLaw, trial: CodecTrial<T>): Boolean =
        law == CodecLaw.REFUSED_ALIKE || trial.values.all { exact(it) }

    /** What of [trial] breaks [law], or null. */
    fun verdict(law: CodecLaw, trial: CodecTrial<T>): String? =
        when (law) {
            CodecLaw.ROUND_TRIP -> roundTrip(trial)
            CodecLaw.SAME_OUTCOME -> sameOutcome(trial)
            CodecLaw.NO_OVER_READ -> noOverRead(trial)
            CodecLaw.NO_UNDER_DELIVERY -> noUnderDelivery(trial)
            CodecLaw.BOUNDED_MEMORY -> boundedMemory(trial)
            CodecLaw.LINEAR_WORK -> linearWork(trial)
            CodecLaw.EXACT_LIMITS -> exactLimits(trial)
            CodecLaw.ERRORS_END -> errorsEnd(trial)
            CodecLaw.END_OF_INPUT -> endOfInput(trial)
            CodecLaw.REFUSED_ALIKE -> refusedAlike(trial)
            CodecLaw.UNIQUE -> unique(trial)
            CodecLaw.CONFIGURATION -> null
        }

    private fun roundTrip(trial: CodecTrial<T>): String? {
        val bytes = trial.valid(codec)
        val got = outcome(codec, bytes, trial.cuts)
        if (got.steps == trial.values.map { Frame(it) } && got.position == bytes.size.toLong()) return null
        return describe(trial, bytes, "decoded" to got)
    }

    private fun sameOutcome(trial: CodecTrial<T>): String? {
        val bytes = trial.bytes(codec)
        val whole = outcome(codec, bytes)
        val got = outcome(codec, bytes, trial.cuts)
        return if (got == whole) null else describe(trial, bytes, "in one" to whole, "cut so" to got)
    }

    private fun noOverRead(trial: CodecTrial<T>): String? {
        if (codec.untilEnd || trial.frames.isEmpty()) return null
        val bytes = trial.bytes(codec)
        val frames = Frames(codec)
        frames.feed(ByteString(bytes))
        val next = runCatching { frames.next() }
        val expected = (bytes.size - trial.tail.size).toLong()
        val position = frames.position
        val rest = frames.drain()
        if (next.isSuccess && position == expected && rest == ByteString(trial.tail)) return null
        return describe(trial, bytes, "frame ends at" to expected, "decoded" to next, "consumed" to position)
    }

    private fun noUnderDelivery(trial: CodecTrial<T>): String? {
        if (codec.untilEnd) return null
        val bytes = trial.valid(codec)
        val got = outcome(codec, bytes, trial.cuts, open = true)
        return if (got.steps.size >= trial.frames.size) null else describe(trial, bytes, "delivered" to got)
    }

    private fun boundedMemory(trial: CodecTrial<T>): String? {
        val bytes = trial.bytes(codec)
        val allowed = FREE_BYTES + BYTES_A_BYTE * bytes.size
        val frames = Frames(codec)
        frames.feed(ByteString(bytes))
        val steps = ArrayList<Any>()
        val first = allocated { take(frames, steps) }
        if (first <= allowed && frames.held <= allowed) return null
        // Once more: classes loaded on the way don't count.
        val again = allocated { outcome(codec, bytes, open = true) }
        if (again <= allowed && frames.held <= allowed) return null
        return describe(trial, bytes, "allocated" to "$again bytes for ${bytes.size} received")
    }

    private fun linearWork(trial: CodecTrial<T>): String? {
        val bytes = trial.valid(codec)
        val frames = Frames(codec)
        // What goes wrong on the way is another law's; it must not keep this one from being judged.
        val steps = ArrayList<Any>()
        for (i in bytes.indices) {
            frames.feed(bytes, i, i + 1)
            if (!take(frames, steps)) break
        }
        frames.end()
        take(frames, steps)
        val looked = frames.input.examined
        if (looked <= LOOKS_A_BYTE * bytes.size + FREE_LOOKS) return null
        return describe(trial, bytes, "looked at" to "$looked bytes to read ${bytes.size} that came one by one")
    }

    private fun exactLimits(trial: CodecTrial<T>): String? {
        val sizes = trial.values.map { concatenated(codec, listOf(it)).size }
        if (sizes.all { it <= codec.maxBytes }) return null
        return describe(trial, trial.valid(codec), "maxBytes" to codec.maxBytes, "encoded" to sizes)
    }

    private fun errorsEnd(trial: CodecTrial<T>): String? {
        val valid = trial.valid(codec)
        val bytes = trial.bytes(codec)
        val other = Frames(codec)
        val steps = ArrayList<Any>()
        other.feed(valid, 0, valid.size / 2)
        take(other, steps)
        val got = outcome(codec, bytes, trial.cuts)
        val foreign = got.errors.firstOrNull { !it.family }
        if (foreign != null) return describe(trial, bytes, "error outside the family" to foreign)
        other.feed(valid, valid.size / 2, valid.size)
        other.end()
        take(other, steps)
        if (steps == outcome(codec, valid).steps) return null
        return describe(trial, bytes, "another stream of this codec, meanwhile" to steps)
    }

    private fun endOfInput(trial: CodecTrial<T>): String? {
        val bytes = trial.valid(codec)
        val last = trial.frames.lastOrNull() ?: return null
        val before = outcome(codec, bytes).steps.dropLast(1)
        val from = bytes.size - concatenated(codec, listOf(last.value)).size
        val cut = trial.cuts.lastOrNull { it in from + 1 until bytes.size } ?: return null
        val got = outcome(codec, bytes.copyOf(cut), trial.cuts)
        val fine =
            got.steps.take(before.size) == before && got.steps.size == before.size + 1 &&
                (got.errors.isNotEmpty() || claims.lastMayBeOpen || codec.untilEnd)
        return if (fine) null else describe(trial, bytes.copyOf(cut), "stream ends inside, at" to cut, "decoded" to got)
    }

    private fun refusedAlike(trial: CodecTrial<T>): String? {
        val value = trial.values.singleOrNull() ?: return null
        val output = Output()
        output.write(1)
        try {
            output.append(codec, value)
        } catch (e: Exception) {
            if (e !is IllegalArgumentException &&
                e !is SocketeerException
            ) {
                return describe(trial, ByteArray(0), "encoding" to e)
            }
            return if (output.size ==
                1
            ) {
                null
            } else {
                describe(trial, ByteArray(0), "refused, but wrote" to output.size - 1)
            }
        }
        val bytes = concatenated(codec, listOf(value))
        val got = outcome(codec, bytes)
        if (got.errors.isEmpty() && got.frames.size == 1 && got.position == bytes.size.toLong()) return null
        return describe(trial, bytes, "decoded" to got)
    }

    private fun unique(trial: CodecTrial<T>): String? {
        val encoded = trial.values.map { concatenated(codec, listOf(it)) }
        for (i in encoded.indices) {
            for (j in 0 until i) {
                if (encoded[i].contentEquals(encoded[j]) && trial.values[i] != trial.values[j]) {
                    return describe(
                        trial,
                        encoded[i],
                        "two values for these bytes" to (trial.values[j] to trial.values[i]),
                    )
                }
            }
        }
        if (!claims.canonical) return null
        val bytes = trial.bytes(codec)
        val got = outcome(codec, bytes)
        if (got.errors.isNotEmpty()) return null
        val again = runCatching { concatenated(codec, got.frames) }.getOrNull()
        if (again != null && again.contentEquals(bytes)) return null
        return describe(trial, bytes, "decoded" to got, "encoded again" to (again?.let { show(it) } ?: "refused"))
    }

    /** Laws 7 and 8 where a limit is claimed. */
    fun atLimit(law: CodecLaw, random: Random): String? {
        val limit = claims.atLimit ?: return null
        val accepted = concatenated(limit.wider, listOf(limit.accepted))
        val refused = concatenated(limit.wider, listOf(limit.refused))
        val ways = List(AT_LIMIT) { cuts(random, refused.size) } + listOf(emptyList(), refused.indices.toList())
        if (law == CodecLaw.ERRORS_END) return ways.firstNotNullOfOrNull { goesOn(limit, refused, it) }
        encodesAtLimit(limit)?.let { return it }
        return ways.firstNotNullOfOrNull { decodesAtLimit(limit, accepted, refused, it) }
    }

    private fun encodesAtLimit(limit: AtLimit<T>): String? {
        val fits = runCatching { concatenated(codec, listOf(limit.accepted)) }
        if (fits.isFailure) return "  at the limit: ${fits.exceptionOrNull()}"
        val tooMuch = runCatching { concatenated(codec, listOf(limit.refused)) }
        return if (tooMuch.exceptionOrNull() is TooLargeException) null else "  one above the limit, encoded: $tooMuch"
    }

    private fun decodesAtLimit(limit: AtLimit<T>, accepted: ByteArray, refused: ByteArray, cuts: List<Int>): String? {
        val fits = outcome(codec, accepted, cuts)
        if (fits.steps !=
            listOf(Frame(limit.accepted))
        ) {
            return "  at the limit: $fits\n  bytes: ${show(accepted, cuts)}"
        }
        // Without its last byte, or to the end where nothing else ends it: it must be refused by then.
        val seen = if (codec.untilEnd) refused else refused.copyOf(refused.size - 1)
        val got = outcome(codec, seen, cuts, open = true)
        if (got.steps.size == 1 && got.errors.singleOrNull()?.type == TooLargeException::class.simpleName) return null
        return "  one above the limit, its end not there yet: $got\n  bytes: ${show(seen, cuts)}"
    }

    private fun goesOn(limit: AtLimit<T>, refused: ByteArray, cuts: List<Int>): String? {
        if (codec.untilEnd) return null
        val valid = concatenated(codec, listOf(limit.accepted, limit.accepted))
        val got = outcome(codec, refused + valid, cuts)
        val after = got.steps.drop(1)
        val resumed = after == List(2) { Frame(limit.accepted) }
        if (got.steps.firstOrNull() is Failure && (after.isEmpty() || resumed)) return null
        return "  behind one above the limit: $got\n  bytes: ${show(refused + valid, cuts)}"
    }

    /** True if encoding takes [value] and decoding takes just these bytes: what isn't so is law 10's. */
    private fun exact(value: T): Boolean {
        val bytes = runCatching { concatenated(codec, listOf(value)) }.getOrNull() ?: return false
        val got = outcome(codec, bytes)
        return got.errors.isEmpty() && got.frames.size == 1 && got.position == bytes.size.toLong()
    }

    private fun List<Shrinkable<T>>.takeLongest() = listOfNotNull(
        maxByOrNull {
            concatenated(codec, listOf(it.value)).size
        },
    )

    private fun describe(trial: CodecTrial<T>, bytes: ByteArray, vararg found: Pair<String, Any?>): String {
        val facts = listOf("frames" to show(trial.values), "bytes" to show(bytes, trial.cuts)) + found
        return facts.joinToString("\n") { (what, value) -> "  $what: $value" }
    }
}

private fun <T : Any> configuration(claims: Claims<T>): LawResult {
    for ((n, make) in claims.misconfigured.withIndex()) {
        val refusal = runCatching { make() }
        val message = (refusal.exceptionOrNull() as? IllegalArgumentException)?.message
        if (message == null || !message.contains(INEQUALITY)) {
            return LawResult(
                CodecLaw.CONFIGURATION,
                n + 1,
                "  configuration $n: $refusal\n  wanted: an inequality and the value",
            )
        }
    }
    return LawResult(CodecLaw.CONFIGURATION, claims.misconfigured.size, null)
}

private val INEQUALITY = Regex("(<|>|=|\\bis\\b|\\bwithin\\b|themselves).*(was|does)", RegexOption.DOT_MATCHES_ALL)
private val ONE_FRAME = setOf(CodecLaw.NO_OVER_READ, CodecLaw.REFUSED_ALIKE)
private val EDITED = setOf(CodecLaw.SAME_OUTCOME, CodecLaw.BOUNDED_MEMORY, CodecLaw.ERRORS_END, CodecLaw.UNIQUE)
private const val FEW = 4
private const val MANY = 16
private const val AT_LIMIT = 200
private const val FREE_BYTES = 256L * 1024
private const val BYTES_A_BYTE = 256L
private const val LOOKS_A_BYTE = 16L
private const val FREE_LOOKS = 256L
