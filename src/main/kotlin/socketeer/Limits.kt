package socketeer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

/**
 * Every limit and timeout in one checked value; the defaults are safe, and no default cuts what works.
 *
 * A connection that runs into [firstByte], [idle], [whole] or [writeStall] has its handler cancelled and ends with a
 * [TimedOutException] that names the limit. What bytes move is looked at now and then and costs nothing when they do: a
 * time limit is never early, and late by an eighth of the shortest of the four and by two seconds at most. A limit of
 * [Duration.INFINITE] is off.
 *
 * @property connections how many connections one server holds at once, 1 or more; at the limit accept suspends.
 * @property backlog how many connections the kernel holds until they are accepted, 1 or more.
 * @property connect how long connecting may take, all addresses of a name together.
 * @property drain how long handlers may go on after a server is told to stop; then they are cancelled.
 * @property linger how long a connection whose handler has ended still takes in (and drops) what the peer goes on
 *   sending, so that the last reply isn't lost to a reset.
 * @property hold how long a coroutine may keep the loop to itself before [LoopBlocked] reports it; infinite: never.
 * @property perAddress how many connections one address may hold at once, 1 or more, an IPv6 address standing for its
 *   /64, which is what one subscriber has; null: as many as there are. One more is [Refused].
 * @property acceptRate how many connections are accepted a second on average, 1 or more, one second's worth at once;
 *   null: as they come. The others wait in the backlog.
 * @property firstByte how long a connection may carry no byte at all, in either direction.
 * @property idle how long a connection may carry no further byte, in either direction. Two hours is what a network
 *   address translator must keep a silent connection for (RFC 5382, section 5): a quiet chat survives as it would have.
 * @property whole how long a connection may last, however busy. Off unless you say so: any default would be a surprise.
 * @property writeStall how long a send may wait for a peer that takes not one byte of it. Then the connection is reset.
 * @property allow who may connect; empty: everybody. Who isn't in one of the blocks is [Refused].
 * @property deny who may not, even if allowed. The peers of a Unix socket have no address; its file's mode is theirs.
 * @throws IllegalArgumentException naming the broken inequality.
 */
public data class Limits(
    val connections: Int = 16_384,
    val backlog: Int = 1_024,
    val connect: Duration = 30.seconds,
    val drain: Duration = 5.seconds,
    val linger: Duration = 1.seconds,
    val hold: Duration = 500.milliseconds,
    val perAddress: Int? = null,
    val acceptRate: Int? = null,
    val firstByte: Duration = 5.minutes,
    val idle: Duration = 2.hours,
    val whole: Duration = Duration.INFINITE,
    val writeStall: Duration = 1.minutes,
    val allow: List<Cidr> = emptyList(),
    val deny: List<Cidr> = emptyList(),
) {
    init {
        require(connections >= 1) { "connections >= 1, was $connections" }
        require(backlog >= 1) { "backlog >= 1, was $backlog" }
        require(connect.isPositive()) { "connect > 0, was $connect" }
        require(!drain.isNegative()) { "drain >= 0, was $drain" }
        require(!linger.isNegative()) { "linger >= 0, was $linger" }
        require(hold.isPositive()) { "hold > 0, was $hold" }
        require(perAddress == null || perAddress >= 1) { "perAddress >= 1, was $perAddress" }
        require(acceptRate == null || acceptRate >= 1) { "acceptRate >= 1, was $acceptRate" }
        require(firstByte.isPositive()) { "firstByte > 0, was $firstByte" }
        require(idle.isPositive()) { "idle > 0, was $idle" }
        require(whole.isPositive()) { "whole > 0, was $whole" }
        require(writeStall.isPositive()) { "writeStall > 0, was $writeStall" }
    }

    /**
     * The most bytes of this process's memory, heap and direct, that a server with these limits takes for its
     * connections on [loops] loops: each with its coroutine and one full [Connection.recv] in hand, and a loop's
     * buffer.
     *
     * On top of that comes what handlers keep themselves, a frame up to its codec's limit first of all; and the
     * kernel's buffers, which belong to no process (tcp(7), `tcp_mem`).
     */
    public fun memory(loops: Int = 1): Long {
        require(loops >= 1) { "loops >= 1, was $loops" }
        return connections * (CONNECTION_BYTES + DEFAULT_RECV) + loops * LOOP_BYTES
    }

    /** How often connections are looked at: often enough for what is promised above. Infinite: there is no need to. */
    internal val look: Duration
        get() {
            val shortest = minOf(firstByte, idle, minOf(whole, writeStall))
            return if (shortest.isInfinite()) shortest else (shortest / LOOKS).coerceIn(1.milliseconds, 1.seconds)
        }

    private companion object {
        const val LOOKS = 16

        /**
         * A connection at rest takes 1.5 KB with all that belongs to it, see the benchmark; a handler's frames more.
         */
        const val CONNECTION_BYTES = 4_096L

        /** The buffer that a loop lends, and what the loop itself is made of. */
        const val LOOP_BYTES = 1L shl 20
    }
}
