package socketeer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/**
 * Every limit and timeout in one checked value; the defaults are safe.
 *
 * @property connections how many connections one server holds at once, 1 or more; at the limit accept suspends.
 * @property backlog how many connections the kernel holds until they are accepted, 1 or more.
 * @property connect how long connecting may take, all addresses of a name together.
 * @property drain how long handlers may go on after a server is told to stop; then they are cancelled.
 * @property linger how long a connection whose handler has ended still takes in (and drops) what the peer goes on
 *   sending, so that the last reply isn't lost to a reset.
 * @property hold how long a coroutine may keep the loop to itself before [LoopBlocked] reports it; infinite: never.
 * @throws IllegalArgumentException naming the broken inequality.
 */
public data class Limits(
    val connections: Int = 16_384,
    val backlog: Int = 1_024,
    val connect: Duration = 30.seconds,
    val drain: Duration = 5.seconds,
    val linger: Duration = 1.seconds,
    val hold: Duration = 500.milliseconds,
) {
    init {
        require(connections >= 1) { "connections >= 1, was $connections" }
        require(backlog >= 1) { "backlog >= 1, was $backlog" }
        require(connect.isPositive()) { "connect > 0, was $connect" }
        require(!drain.isNegative()) { "drain >= 0, was $drain" }
        require(!linger.isNegative()) { "linger >= 0, was $linger" }
        require(hold.isPositive()) { "hold > 0, was $hold" }
    }
}
