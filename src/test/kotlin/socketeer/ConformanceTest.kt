package socketeer

import io.kotest.core.spec.style.FunSpec
import io.ktor.network.selector.ActorSelectorManager
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.runBlocking
import socketeer.loop.NioNetwork
import socketeer.loop.SelectLoop
import socketeer.testing.Ability.DESCRIPTORS
import socketeer.testing.Ability.PORTS
import socketeer.testing.Ability.RESET
import socketeer.testing.Law
import socketeer.testing.Maker
import socketeer.testing.networkLaws
import socketeer.testing.networks
import socketeer.testing.pairs
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.ContinuationInterceptor
import kotlin.time.Duration.Companion.seconds

class ConformanceTest : FunSpec({ makers.forEach(::hold) })

/** Every implementation in one line. */
val makers: List<Maker> =
    listOf(
        pairs("memory pairs", DESCRIPTORS) { memoryPair() },
        networks("memory network", DESCRIPTORS) { MemoryNetwork() },
        networks("TCP on our loop", run = ::onLoop) { NioNetwork(callersLoop()) },
        networks("TCP over IPv6", run = ::onLoop, address = { tcp("::1", 0) }) { NioNetwork(callersLoop()) },
        networks("TCP on two loops", run = ::onTwoLoops) { NioNetwork(given.get()) },
        networks("TCP called from elsewhere", run = ::besideLoop) { NioNetwork(givenLoop()) },
        networks("Unix streams", PORTS, RESET, run = ::onLoop, address = ::freshPath) { NioNetwork(callersLoop()) },
        pairs("socket pairs", RESET, run = ::onLoop) { NioNetwork(callersLoop()).socketPair() },
        networks("TCP on ktor's selector manager", run = ::onKtor) { NioNetwork(ktor.get()) },
        networks("shaped, in memory", DESCRIPTORS) {
            WrappedNetwork(MemoryNetwork()) { it.shaped(ample, ample, ample) }
        },
        networks("shaped TCP", run = ::onLoop) {
            WrappedNetwork(NioNetwork(callersLoop())) { it.shaped(ample, ample, ample) }
        },
        networks("TCP behind a proxy", run = ::onLoop) {
            WrappedNetwork(NioNetwork(callersLoop())) { Proxied(it, ProxyHeader.local()) }
        },
    )

/** A rate that no test reaches. */
private val ample get() = (1L shl 40) per 1.seconds

private val paths = AtomicInteger()

/** A name of this process; every listener takes its own file away. */
private fun freshPath() =
    unix("${System.getProperty("java.io.tmpdir")}/unix-${ProcessHandle.current().pid()}-${paths.incrementAndGet()}")

/** A test for each law; those that don't apply are listed as ignored. */
fun FunSpec.hold(maker: Maker) {
    context(maker.name) {
        for (law: Law in networkLaws(maker)) {
            if (law.missing.isEmpty()) {
                test(law.name) {
                    law.check()
                }
            } else {
                xtest("${law.name} (lacks ${law.missing})") {}
            }
        }
    }
}

fun onLoop(case: suspend CoroutineScope.() -> Unit): Unit = SelectLoop().use { it.run { case() } }

private suspend fun callersLoop() = currentCoroutineContext()[ContinuationInterceptor] as SelectLoop

private val given = ThreadLocal<List<SelectLoop>>()

/** Where [besideLoop] runs connections. */
fun givenLoop(): SelectLoop = given.get().first()

/** The case on the first of two loops, connections on both. */
private fun onTwoLoops(case: suspend CoroutineScope.() -> Unit) {
    val loops = List(2) { SelectLoop() }
    given.set(loops)
    val thread = loops[1].start("second loop")
    loops[0].use { loops[1].use { loops[0].run { case() } } }
    thread.join()
}

/** The case on this thread, connections on a loop of another. */
fun besideLoop(case: suspend CoroutineScope.() -> Unit) {
    val loop = SelectLoop()
    given.set(listOf(loop))
    val thread = loop.start("a loop elsewhere")
    loop.use { runBlocking { case() } }
    thread.join()
}

private val ktor = ThreadLocal<ActorSelectorManager>()

private fun onKtor(case: suspend CoroutineScope.() -> Unit) {
    val threads = Executors.newCachedThreadPool()
    val manager = ActorSelectorManager(threads.asCoroutineDispatcher())
    ktor.set(manager)
    manager.use { runBlocking { case() } }
    threads.shutdown()
    check(threads.awaitTermination(10, TimeUnit.SECONDS)) { "the selector manager goes on after its close" }
}
