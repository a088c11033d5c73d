package socketeer.java

import io.kotest.core.spec.style.FunSpec
import socketeer.besideLoop
import socketeer.givenLoop
import socketeer.hold
import socketeer.loop.NioNetwork
import socketeer.testing.networks

/** The façade's blocking calls are held to the laws of every network; on JDK 21 and newer on virtual threads. */
class JavaConformanceTest : FunSpec({
    hold(networks("TCP through Java's blocking calls", run = ::besideLoop) { Blocking(NioNetwork(givenLoop())) })
})
